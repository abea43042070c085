// Reads a saved plan.

import { lstatSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorOf, InputError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { readSaved } from '../plan/saved.ts'
import type { PlanInputs } from '../runner/inputs.ts'
import type { RunContext } from './context.ts'

/**
 * @returns undefined without the input `plan-file`
 * @throws InputError for a file that is not a plan for this tenant
 */
export function readSavedPlan({ inputs, workflow, journal }: RunContext<PlanInputs>): Plan | undefined {
  const { planFile, tenant } = inputs
  if (planFile === undefined) return undefined
  const reject = (message: string) => new InputError([{ input: 'plan-file', message: `Input plan-file: ${message}` }])
  const { plan, problem } = readSaved(readText(resolve(workflow.workspace, planFile), reject))
  if (problem !== undefined) {
    throw reject(`${problem}. Use the file from the output plan-file or undo-plan-file, unchanged.`)
  }
  if (plan.tenant !== tenant) {
    throw reject(`it is a plan for the tenant ${plan.tenant}, but this run is for ${tenant}.`)
  }
  journal.noteSaved()
  return plan
}

/** Bytes; a plan that grants five permissions to each of 50,000 users has about 64 million. */
const MAX_SIZE = 256 * 1024 * 1024

function readText(path: string, reject: (message: string) => InputError): string {
  try {
    const file = lstatSync(path)
    if (!file.isFile()) throw new Error('it is a folder, a link or a device, not a file')
    if (file.size > MAX_SIZE) throw new Error(`it has ${file.size} bytes, and a plan has at most ${MAX_SIZE}`)
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    throw reject(`it cannot be read: ${errorOf(error).message}.`)
  }
}
