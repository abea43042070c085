// The one test command: lint, types, a fresh dist/, tests and demo, each whatever the result of the others. The last line
// counts every test, and each of the other checks as one.

import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const SLOWEST = 5

interface Counts {
  readonly passed: number
  readonly failed: number
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly fullName: string; readonly duration?: number | null }[]
  }[]
}

const scratch = mkdtempSync(join(tmpdir(), 'tests-'))
const results = [...(await runChecks()), runTests()]
rmSync(scratch, { recursive: true })

const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** Run concurrently, and printed in this order. */
async function runChecks(): Promise<readonly Counts[]> {
  const lint = runCheck('lint')
  // It deletes and rebuilds files that lint checks and the demo runs.
  const fresh = lint.then(() => runCheck('check:dist'))
  const checks = [lint, runCheck('types'), fresh, fresh.then(() => runCheck('demo'))]
  const counts: Counts[] = []
  for (const check of checks) {
    const { script, output, passed } = await check
    console.log(`\n# npm run ${script}\n${output}`)
    counts.push(passed ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 })
  }
  return counts
}

interface Check {
  readonly script: string
  /** The output of both streams. */
  readonly output: string
  readonly passed: boolean
}

function runCheck(script: string): Promise<Check> {
  const child = spawn('npm', ['run', '--silent', script], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  return new Promise(resolve => {
    child.on('close', code => resolve({ script, output: output.trimEnd(), passed: code === 0 }))
  })
}

/** A run fails if it ends without a report, or with a failure outside of tests (such as a file that cannot be loaded). */
function runTests(): Counts {
  const path = join(scratch, 'report.json')
  console.log('\n# npm run test:unit')
  const options = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`]
  const { status } = spawnSync('npm', ['run', '--silent', 'test:unit', '--', ...options], { stdio: 'inherit' })
  try {
    const report: Report = JSON.parse(readFileSync(path, 'utf8'))
    printSlowest(report)
    const { numPassedTests, numFailedTests } = report
    return { passed: numPassedTests, failed: status === 0 ? numFailedTests : Math.max(numFailedTests, 1) }
  } catch {
    return { passed: 0, failed: 1 }
  }
}

function printSlowest({ testResults }: Report): void {
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, duration }) => ({ file: basename(name), fullName, duration: duration ?? 0 })),
  )
  const slowest = tests.sort((a, b) => b.duration - a.duration).slice(0, SLOWEST)
  console.log('\nThe slowest tests:')
  for (const { file, fullName, duration } of slowest) {
    console.log(`  ${(duration / 1000).toFixed(1)} s  ${file}: ${fullName}`)
  }
}
