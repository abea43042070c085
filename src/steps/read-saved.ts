// Reads a saved plan, as whole as it was written.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorOf, InputError } from '../errors.ts'
import type { PlanInputs } from '../inputs.ts'
import type { Plan } from '../plan/plan.ts'
import { readSaved } from '../plan/saved.ts'
import type { RunRecord } from '../report/record.ts'
import type { Workflow } from '../workflow.ts'

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

function readText(path: string, reject: (message: string) => InputError): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw reject(`it cannot be read: ${errorOf(error).message}.`)
  }
}
