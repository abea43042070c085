// Reads a saved plan, as whole as it was written.

import { lstatSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorOf, InputError } from '../errors.ts'
import type { Plan } from '../plan/plan.ts'
import { readSaved } from '../plan/saved.ts'
import type { RunRecord } from '../report/record.ts'
import type { PlanInputs } from '../runner/inputs.ts'
import type { Workflow } from '../runner/workflow.ts'

/** @throws InputError for a file that is no plan for this tenant */
export function readSavedPlan(path: string, { tenant }: PlanInputs, { workspace }: Workflow, record: RunRecord): Plan {
  const reject = (message: string) => new InputError([{ input: 'plan-file', message: `Input plan-file: ${message}` }])
  const { plan, problem } = readSaved(readText(resolve(workspace, path), reject))
  if (problem !== undefined) {
    throw reject(`${problem}. Use the file that the output plan-file or undo-plan-file names, as it was written.`)
  }
  if (plan.tenant !== tenant) {
    throw reject(`it is a plan for the tenant ${plan.tenant}, and this run is for ${tenant}.`)
  }
  record.saved = true
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
