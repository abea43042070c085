import { expect, it } from 'vitest'
import { NotSentError } from '../../src/errors.ts'
import { createJournal } from '../../src/report/journal.ts'
import type { Context } from '../../src/steps/context.ts'
import { recall } from '../../src/steps/recall.ts'

it('a run that is cancelled before it reads the ledger is not treated as one without a ledger', async () => {
  const journal = createJournal()
  const context = {
    inputs: { mode: 'apply', revoke: 'never', scope: 'all', githubToken: 'a-token', tenant: 't' },
    workflow: { repository: { owner: 'acme', repo: 'permissions' } },
    journal,
    cancelled: AbortSignal.abort(new NotSentError('Cancelled by SIGINT.')),
  } as unknown as Context
  await expect(recall(context)).rejects.toThrow(NotSentError)
  expect(journal.entries().notices).toEqual([])
})
