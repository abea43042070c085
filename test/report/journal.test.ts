import { describe, expect, it } from 'vitest'
import type { Plan, UserOutcome } from '../../src/plan/plan.ts'
import { createJournal, type Journal } from '../../src/report/journal.ts'
import { newRecord } from '../../src/report/record.ts'
import type { Inputs } from '../../src/runner/inputs.ts'
import { SOURCE } from '../plan/fixtures.ts'

const plan: Plan = { format: 2, source: SOURCE, tenant: 't', users: [], heldBack: [], found: [], holders: [] }
const done: UserOutcome = { user: 'auth0|1', status: 'done', granted: [], revoked: [], errors: [] }
const place = { file: 'm.yml', line: 1, column: 2 }

function entriesAfter(write: (journal: Journal) => void) {
  const journal = createJournal()
  write(journal)
  return journal.entries()
}

describe('a journal', () => {
  it('starts with the record of a run in which nothing has happened', () => {
    expect(createJournal().entries()).toEqual(newRecord())
  })

  it('returns records that do not change later in the run', () => {
    const journal = createJournal()
    const before = journal.entries()
    journal.warn(['later'])
    journal.noteOutcome(done)
    expect(before).toEqual(newRecord())
    expect(journal.entries()).toMatchObject({ warnings: [{ message: 'later' }], outcomes: [done] })
  })

  it.each<readonly [string, Inputs, object]>([
    ['validate', { mode: 'validate' } as Inputs, { mode: 'validate', tenant: undefined, revoke: undefined }],
    ['export', { mode: 'export', domain: { host: 't' } } as Inputs, { mode: 'export', tenant: 't', scope: undefined }],
    [
      'plan',
      { mode: 'plan', domain: { host: 't' }, revoke: 'never', scope: 'all' } as Inputs,
      { mode: 'plan', tenant: 't', revoke: 'never', scope: 'all' },
    ],
  ])('records the inputs of mode %s', (_, inputs, known) => {
    expect(entriesAfter(journal => journal.begin(inputs))).toMatchObject(known)
  })

  it.each<readonly [string, (journal: Journal) => void, string]>([
    ['inputs', journal => journal.rejectInputs([{ input: 'x', message: 'no' }]), 'inputs'],
    ['mistakes in the manifest', journal => journal.rejectManifest([{ message: 'no', place }]), 'manifest'],
    ['a refusal', journal => journal.refuse(['no']), 'refused'],
    ['a failure', journal => journal.fail('no'), 'error'],
  ])('records that %s stopped the run, and keeps earlier findings', (_, write, stopped) => {
    const entries = entriesAfter(journal => {
      journal.refuse(['earlier'])
      write(journal)
    })
    expect(entries.stopped).toBe(stopped)
    expect(entries.errors.map(({ message }) => message)).toEqual(['earlier', 'no'])
  })

  it.each<readonly [string, (journal: Journal) => void]>([
    ['no refusal', journal => journal.refuse([])],
    ['no mistake', journal => journal.rejectManifest([])],
    ['a failure of a user', journal => journal.failUsers([{ user: 'auth0|1', message: 'no' }])],
    ['a warning', journal => journal.warn(['no'])],
    ['users who were not finished', journal => journal.noteUnfinished([{ message: 'no' }])],
  ])('does not treat %s as the end of the run', (_, write) => {
    expect(entriesAfter(write).stopped).toBeUndefined()
  })

  it('lists failed users in the order of the files and lines that list them', () => {
    const at = (user: string, file: string, line: number, column = 1) => ({
      user,
      message: 'no',
      place: { file, line, column },
    })
    const failures = [at('a', 'b.yml', 9), at('b', 'a.yml', 3, 7), at('c', 'b.yml', 4), at('d', 'a.yml', 3, 2)]
    const { failures: sorted } = entriesAfter(journal => {
      journal.noteManifest({ files: ['b.yml', 'a.yml'], users: 4, nextExpiry: undefined })
      journal.failUsers([...failures, { user: 'e', message: 'no' }, { user: 'f', message: 'no' }])
    })
    expect(sorted.map(({ user }) => user)).toEqual(['e', 'f', 'c', 'a', 'd', 'b'])
  })

  it('updates the head of a recorded ledger', () => {
    const ledger = { branch: 'b', commit: 'c', run: undefined, at: undefined, head: 'old' }
    const entries = entriesAfter(journal => {
      journal.noteLedger(ledger)
      journal.noteLedgerHead('new')
    })
    expect(entries.ledger).toEqual({ ...ledger, head: 'new' })
    expect(entriesAfter(journal => journal.noteLedgerHead('new')).ledger).toBeUndefined()
  })

  it('records that nobody was attempted if an error ends the run before there is a plan', () => {
    const untouched = { ...done, status: 'not attempted' }
    expect(entriesAfter(journal => journal.abandon(['auth0|1'])).outcomes).toEqual([untouched])
    const nothing = entriesAfter(journal => {
      journal.notePlan({ plan, digest: 'd' })
      journal.abandon(['auth0|1'])
    })
    expect(nothing.outcomes).toEqual([])
  })

  it('records which users of the plan were not attempted if an error ends the run before they are', () => {
    const users = ['auth0|1', 'auth0|2'].map(user => ({ user, grant: [], revoke: [] }))
    const { outcomes } = entriesAfter(journal => {
      journal.notePlan({ plan: { ...plan, users }, digest: 'd' })
      journal.noteOutcome(done)
      journal.abandon(['auth0|3'])
    })
    expect(outcomes).toEqual([done, { ...done, user: 'auth0|2', status: 'not attempted' }])
  })

  it('keeps one outcome of each user, the latest', () => {
    const { outcomes } = entriesAfter(journal => {
      journal.abandon(['auth0|1', 'auth0|2'])
      journal.noteOutcome(done)
    })
    expect(outcomes).toEqual([done, { ...done, user: 'auth0|2', status: 'not attempted' }])
  })

  it.each<readonly [string, boolean, (journal: Journal) => void]>([
    ['a stopped run', true, journal => journal.fail('no')],
    ['an unfinished user', true, journal => journal.noteOutcome({ ...done, status: 'not attempted' })],
    ['nothing unfinished', false, journal => journal.noteOutcome(done)],
  ])('treats a signal that leaves %s as a cancellation: %s', (_, cancelled, write) => {
    const entries = entriesAfter(journal => {
      write(journal)
      journal.end({ cancelled: true, duration: 5 })
    })
    expect(entries).toMatchObject({ cancelled, duration: 5 })
  })
})
