import { expect, it } from 'vitest'
import { createJournal } from '../../src/report/journal.ts'
import { publishComment } from '../../src/steps/comment.ts'
import type { RunContext } from '../../src/steps/context.ts'

it('a defect is not reported as a comment that cannot be written', async () => {
  // Without a domain, which inputs never allow.
  const inputs = { mode: 'plan', comment: true, githubToken: 'a-token' }
  const repository = { owner: 'acme', repo: 'permissions' }
  const workflow = { pullRequest: 5, repository, commit: '', runUrl: undefined }
  const journal = createJournal()
  const context = { inputs, workflow, journal, cancelled: new AbortController().signal } as unknown as RunContext
  const publishing = publishComment({ context, record: journal.entries() })
  await expect(publishing).rejects.toThrow(TypeError)
  expect(journal.entries().warnings).toEqual([])
})
