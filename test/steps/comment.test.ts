import { expect, it } from 'vitest'
import { newRecord } from '../../src/report/record.ts'
import type { PlanInputs } from '../../src/runner/inputs.ts'
import type { Workflow } from '../../src/runner/workflow.ts'
import { publishComment } from '../../src/steps/comment.ts'

it('a defect is not taken for a comment that GitHub does not let be written', async () => {
  // No domain: no such inputs are ever read.
  const inputs = { mode: 'plan', comment: true, githubToken: 'a-token' } as PlanInputs
  const repository = { owner: 'acme', repo: 'permissions' }
  const workflow = { pullRequest: 5, repository, commit: '', runUrl: undefined } as unknown as Workflow
  const record = newRecord()
  const publishing = publishComment(inputs, workflow, record, new AbortController().signal)
  await expect(publishing).rejects.toThrow(TypeError)
  expect(record.warnings).toEqual([])
})
