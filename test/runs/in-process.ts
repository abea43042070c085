// Runs the action's sources in this process, freshly loaded each time, with everything that the runner sets for a process.
// It takes a fifth of the CPU time of a new process. Tests that need a process are in test/e2e/, and `npm run soak` also
// runs all of these with the built action.

import { vi } from 'vitest'
import { type End, launchBy, type Start } from '../e2e/action.ts'

launchBy(launchHere)

async function launchHere({ workspace, env, onStart }: Start): Promise<End> {
  if (onStart !== undefined) throw new Error('Only a process takes signals: this is a test for test/e2e/.')
  const before = { env: process.env, folder: process.cwd(), exitCode: process.exitCode }
  let log = ''
  const write = (chunk: string | Uint8Array) => {
    log += chunk
    return true
  }
  const streams = [process.stdout, process.stderr].map(stream => vi.spyOn(stream, 'write').mockImplementation(write))
  process.env = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined))
  process.exitCode = undefined
  process.chdir(workspace)
  try {
    vi.resetModules()
    const { run } = await import('../../src/run.ts')
    await run(new AbortController().signal)
    return { exitCode: Number(process.exitCode ?? 0), signal: null, log }
  } finally {
    for (const stream of streams) stream.mockRestore()
    process.chdir(before.folder)
    process.env = before.env
    process.exitCode = before.exitCode
  }
}
