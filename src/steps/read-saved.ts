// Reads a saved plan, as whole as it was written.

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { InputError } from '../errors.ts'
import type { PlanInputs } from '../inputs.ts'
import type { Plan } from '../plan/plan.ts'
import { readSaved } from '../plan/saved.ts'
import type { RunRecord } from '../report/record.ts'
import type { Workflow } from '../workflow.ts'

/** @throws InputError for a file that is no plan for this tenant */
export async function readSavedPlan(
  path: string,
  { domain }: PlanInputs,
  { workspace }: Workflow,
  record: RunRecord,
): Promise<Plan> {
  const reject = (message: string) => new InputError([{ input: 'plan-file', message: `Input plan-file: ${message}` }])
  const text = await readFile(resolve(workspace, path), 'utf8').catch((error: Error) => {
    throw reject(`it cannot be read: ${error.message}.`)
  })
  const { plan, problem } = readSaved(text)
  if (problem !== undefined) {
    throw reject(`${problem}. Use the file that the output plan-file or undo-plan-file names, as it was written.`)
  }
  if (plan.tenant !== domain.host) {
    throw reject(`it is a plan for the tenant ${plan.tenant}, and the input domain is ${domain.host}.`)
  }
  record.commit = plan.source.commit
  record.files = plan.source.files
  record.users = plan.source.users
  record.approval = 'saved'
  return plan
}
