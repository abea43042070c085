import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest'
import { readWorkflow } from '../../src/runner/workflow.ts'

const home = mkdtempSync(join(tmpdir(), 'workflow-'))
const path = join(home, 'event.json')

afterAll(() => rmSync(home, { recursive: true }))
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

type Env = Readonly<Record<string, string>>

const RUN: Env = {
  GITHUB_EVENT_NAME: 'pull_request',
  GITHUB_REPOSITORY: 'acme/access',
  GITHUB_REF: 'refs/pull/7/merge',
  GITHUB_SHA: 'merge',
  GITHUB_ACTOR: 'ada',
}

function workflowOf(event: unknown, env: Env = {}) {
  writeFileSync(path, typeof event === 'string' ? event : JSON.stringify(event))
  for (const [name, value] of Object.entries({ ...RUN, GITHUB_EVENT_PATH: path, ...env })) vi.stubEnv(name, value)
  return readWorkflow()
}

describe('an event', () => {
  it('has the pull request, its newest commit and the default branch', () => {
    const event = { repository: { default_branch: 'trunk' }, pull_request: { number: 8, head: { sha: 'newest' } } }
    expect(workflowOf(event)).toMatchObject({ pullRequest: 8, knownCommit: 'newest', defaultBranch: 'trunk' })
  })

  const nonsense = [null, true, 7, -1.5, 'text', '', [], [[]], {}, { number: {} }]
  const broken = ['', '{', 'null', '[]', '"text"', '7', '\u0000', ...nonsense]
  const places = nonsense.flatMap((value): unknown[] => [
    { repository: value },
    { repository: { default_branch: value === 'text' ? 7 : value } },
    { pull_request: value },
    { pull_request: { number: value === 7 ? 'seven' : value } },
    { pull_request: { head: value } },
    { pull_request: { head: { sha: value === 'text' ? 7 : value, repo: { full_name: 'acme/access' } } } },
    { pull_request: { head: { repo: value === null ? 'null' : value } } },
    { pull_request: { head: { repo: { full_name: value === 'text' ? 7 : value } } } },
  ])
  it.each([...broken, ...places].map(event => [event]))('that is broken is ignored: %j', event => {
    expect(workflowOf(event)).toMatchObject({
      pullRequest: 7,
      knownCommit: 'merge',
      defaultBranch: undefined,
      secretsWithheld: event instanceof Object && 'pull_request' in event && isFork(event) ? 'fork' : undefined,
    })
  })

  /** Another repository, even if only because of its invalid name. */
  function isFork(event: object): boolean {
    return /"full_name":"(?!acme\/access")/.test(JSON.stringify(event))
  }

  it.each(['/dev/null/nowhere', home, '/dev/zero', ''])('that cannot be read (%s) is ignored', place => {
    expect(workflowOf({}, { GITHUB_EVENT_PATH: place })).toMatchObject({ pullRequest: 7, defaultBranch: undefined })
  })

  it('that is broken in one place keeps the rest', () => {
    const event = {
      repository: { default_branch: 'trunk' },
      pull_request: { number: 'eight', head: { sha: 'newest' } },
    }
    expect(workflowOf(event)).toMatchObject({ pullRequest: 7, knownCommit: 'newest', defaultBranch: 'trunk' })
  })
})

describe('secrets are withheld', () => {
  const from = (repo: unknown) => ({ pull_request: { number: 7, head: { sha: 'newest', repo } } })
  it.each<readonly [string, unknown, Env, 'fork' | 'dependabot' | undefined]>([
    ['from a fork', from({ full_name: 'eve/access' }), {}, 'fork'],
    ['from a fork that was deleted', from(null), {}, 'fork'],
    [
      'from a review of a fork',
      from({ full_name: 'eve/access' }),
      { GITHUB_EVENT_NAME: 'pull_request_review' },
      'fork',
    ],
    ['not from the base of a fork', from(null), { GITHUB_EVENT_NAME: 'pull_request_target' }, undefined],
    ['not from a push', from({ full_name: 'eve/access' }), { GITHUB_EVENT_NAME: 'push' }, undefined],
    ['not from the repository itself', from({ full_name: 'Acme/Access' }), {}, undefined],
    ['from Dependabot', from({ full_name: 'acme/access' }), { GITHUB_ACTOR: 'dependabot[bot]' }, 'dependabot'],
    ['from a push of Dependabot', {}, { GITHUB_ACTOR: 'dependabot[bot]', GITHUB_EVENT_NAME: 'push' }, 'dependabot'],
  ])('%s', (_, event, env, withheld) => {
    expect(workflowOf(event, env).secretsWithheld).toBe(withheld)
  })
})

describe('missing variables', () => {
  const all = ['EVENT_NAME', 'EVENT_PATH', 'REPOSITORY', 'REF', 'SHA', 'ACTOR', 'WORKSPACE', 'RUN_ID', 'SERVER_URL']
  it('do not affect what is known without them', () => {
    for (const name of all) vi.stubEnv(`GITHUB_${name}`, undefined)
    expect(readWorkflow()).toEqual({
      name: '',
      ref: '',
      refProtected: false,
      defaultBranch: undefined,
      workspace: process.cwd(),
      repository: undefined,
      commit: '',
      knownCommit: '',
      runUrl: undefined,
      pullRequest: undefined,
      secretsWithheld: undefined,
    })
  })

  it('include an empty address of GitHub', () => {
    const env = { GITHUB_SERVER_URL: '', GITHUB_REPOSITORY: 'acme/access', GITHUB_RUN_ID: '77' }
    expect(workflowOf({}, env).runUrl).toBe('https://github.com/acme/access/actions/runs/77')
  })

  it.each(['acme', '/', 'acme/', '/access', ' '])(
    'include a repository without an owner or a name: %j',
    GITHUB_REPOSITORY => {
      expect(workflowOf({}, { GITHUB_REPOSITORY }).repository).toBeUndefined()
    },
  )

  it('lead to a clear error if the current folder was deleted', () => {
    vi.stubEnv('GITHUB_WORKSPACE', '')
    vi.spyOn(process, 'cwd').mockImplementation(() => {
      throw new Error('ENOENT: no such file or directory, uv_cwd')
    })
    expect(readWorkflow).toThrow(/current folder no longer exists; set GITHUB_WORKSPACE/)
  })
})
