// Action inputs → one readonly Inputs. Masks every secret first, and finds all problems of the inputs before any request
// is sent.

import * as core from '@actions/core'
import { isAddress, isUserId } from '../access/identities.ts'
import { InputError, type InputProblem } from '../errors.ts'
import { ALGORITHMS, type Credential, readCredential } from './credential.ts'
import { type Audience, audienceOf, type Domain, readAudience, readDomain } from './domain.ts'
import { isGlob } from './glob.ts'
import { alternatives, quoteInput, type Reject } from './input-problems.ts'
import { unwrapKey } from './private-key.ts'
import { mask } from './secrets.ts'
import type { Workflow } from './workflow.ts'

/** What `max-revocations` allows; the larger of the two. */
export interface RevocationLimit {
  readonly count: number | undefined
  /** Percentage of the live grants of the users who were read: a whole number, 1 to 100. */
  readonly percent: number | undefined
}

/** The allowed values of inputs that have a choice. */
export const CHOICES = {
  mode: ['validate', 'plan', 'apply', 'export'],
  revoke: ['never', 'managed', 'all'],
  scope: ['all', 'changed'],
  'missing-users': ['fail', 'warn'],
  'client-private-key-algorithm': ALGORITHMS,
} as const

type Choice<Input extends keyof typeof CHOICES> = (typeof CHOICES)[Input][number]
export type Mode = Choice<'mode'>
export type Revoke = Choice<'revoke'>
export type Scope = Choice<'scope'>

/** Values of inputs that the workflow does not set; a test compares them with `action.yml`. */
export const DEFAULTS = {
  mode: 'apply',
  manifest: '.github/auth0-permissions.yml',
  'client-private-key-algorithm': 'RS256',
  revoke: 'managed',
  scope: 'all',
  'max-revocations': '20',
  'missing-users': 'fail',
  'require-merged': 'true',
  'approved-plan': 'none',
  'fail-on-changes': 'false',
  comment: 'false',
  headroom: '25%',
} as const

/** `validate` needs only the manifest; `domain`, if set, is compared with the manifest's `tenant`. */
export interface OfflineInputs {
  readonly mode: 'validate'
  readonly manifest: readonly string[]
  readonly domain: Domain | undefined
}

/** How to connect to the tenant, and how fast to send requests. */
export interface ConnectionInputs extends Audience {
  readonly manifest: readonly string[]
  readonly domain: Domain
  readonly credential: Credential
  /** The share of the tenant's rate-limit bucket that is left to other traffic, 0 to below 1. */
  readonly headroom: number
  /** undefined if the tenant's own limit sets the pace */
  readonly requestsPerSecond: number | undefined
}

export interface PlanInputs extends ConnectionInputs {
  readonly mode: 'plan' | 'apply'
  readonly revoke: Revoke
  readonly scope: Scope
  readonly maxRevocations: RevocationLimit
  readonly missingUsers: Choice<'missing-users'>
  readonly planFile: string | undefined
  readonly requireMerged: boolean
  /** `sha256:…` */
  readonly approvedPlan: string | undefined
  readonly failOnChanges: boolean
  /** `changes`: only once there is something to show. */
  readonly comment: boolean | 'changes'
  readonly githubToken: string | undefined
  /** The secret that seals the ledger. */
  readonly ledgerKey: string | undefined
}

export interface ExportInputs extends ConnectionInputs {
  readonly mode: 'export'
  /** Ids and e-mail addresses. */
  readonly users: readonly string[]
  readonly query: string | undefined
}

export type TenantInputs = PlanInputs | ExportInputs

export type Inputs = OfflineInputs | TenantInputs

/** @throws InputError that names every input that cannot be used */
export function readInputs({ secretsWithheld }: Pick<Workflow, 'secretsWithheld'>): Inputs {
  const secrets = {
    'client-secret': core.getInput('client-secret'),
    'client-private-key': core.getInput('client-private-key'),
    'access-token': core.getInput('access-token'),
    'github-token': core.getInput('github-token'),
    'ledger-key': core.getInput('ledger-key'),
  }
  const pem = unwrapKey(secrets['client-private-key'])
  const keyBody = pem.replace(/-----[A-Z ]+-----|\s/g, '')
  for (const secret of [...Object.values(secrets), pem, keyBody]) mask(secret)

  const problems: InputProblem[] = []
  const reject: Reject = (input, message) => {
    problems.push({ input, message: `Input ${input}: ${message}` })
    return undefined
  }

  const mode = oneOf('mode', reject)
  const manifest = lines('manifest')
  const domain = readDomain(text('domain'), reject)
  const headroom = readShare('headroom', reject)
  const requestsPerSecond = readRate('requests-per-second', reject)
  const choices = readChoices(mode, reject)
  const algorithm = oneOf('client-private-key-algorithm', reject)
  const ledgerKey = readLedgerKey(secrets['ledger-key'], reject)

  if (mode === 'validate') {
    if (problems.length > 0) throw new InputError(problems)
    return { mode, manifest, domain }
  }
  if (text('domain') === '')
    reject('domain', `required by mode ${mode ?? 'apply'}: the tenant's domain, such as acme.eu.auth0.com.`)
  const clientId = core.getInput('client-id')
  const keyId = core.getInput('client-private-key-id')
  const credential = readCredential({ ...secrets, clientId, keyId, pem, algorithm, secretsWithheld }, reject)
  const audience = text('audience') === '' ? domain && audienceOf(domain) : readAudience(text('audience'), reject)
  const subjects = mode === 'export' ? readSubjects(manifest, reject) : { users: [], query: undefined }
  const complete = mode && domain && audience && headroom !== undefined && credential && choices && subjects
  if (problems.length > 0 || !complete) throw new InputError(problems)
  const connection = { manifest, domain, ...audience, credential, headroom, requestsPerSecond }
  if (mode === 'export') return { mode, ...connection, ...subjects }
  return { mode, ...connection, ...choices, githubToken: secrets['github-token'] || undefined, ledgerKey }
}

type Choices = Omit<PlanInputs, keyof ConnectionInputs | 'mode' | 'githubToken' | 'ledgerKey'>

/** What a plan may do, and what is done with it. */
function readChoices(mode: Mode | undefined, reject: Reject): Choices | undefined {
  const revoke = oneOf('revoke', reject)
  const scope = oneOf('scope', reject)
  const maxRevocations = readRevocationLimit('max-revocations', reject)
  const missingUsers = oneOf('missing-users', reject)
  const requireMerged = readBoolean('require-merged', reject)
  const planFile = text('plan-file') || undefined
  const approvedPlan = readDigest('approved-plan', reject)
  const failOnChanges = readBoolean('fail-on-changes', reject)
  const comment = text('comment') === 'changes' ? 'changes' : readBoolean('comment', reject)
  if (planFile !== undefined && mode !== undefined && mode !== 'apply') {
    reject('plan-file', `only valid with mode: apply, because mode ${mode} computes its own plan; remove it.`)
  }
  if (mode !== 'export') {
    for (const input of ['users', 'query']) {
      if (text(input) !== '') reject(input, 'only valid with mode: export; list users in the manifest.')
    }
  }
  if (!revoke || !scope || !maxRevocations || !missingUsers) return undefined
  if (failOnChanges === undefined || comment === undefined || requireMerged === undefined) return undefined
  return { revoke, scope, maxRevocations, missingUsers, requireMerged, planFile, approvedPlan, failOnChanges, comment }
}

/** The users to export; also checks that there is one path to write to. */
function readSubjects(manifest: readonly string[], reject: Reject): Pick<ExportInputs, 'users' | 'query'> | undefined {
  const [path, ...others] = manifest
  if (path === undefined || others.length > 0 || isGlob(path)) {
    reject('manifest', 'mode export writes one file; set it to the path of that file.')
  }
  const users = lines('users')
  const query = text('query') || undefined
  for (const id of users.filter(user => !isUserId(user) && !isAddress(user))) {
    reject('users', `${quoteInput(id)} is neither a user id nor an e-mail address.`)
  }
  if (users.length > 0 || query !== undefined) return { users, query }
  return reject('users', 'mode export needs users (ids or e-mail addresses, one per line) or query (a search).')
}

function text(input: string): string {
  const value = core.getInput(input)
  return value === '' && input in DEFAULTS ? DEFAULTS[input as keyof typeof DEFAULTS] : value
}

function lines(input: string): readonly string[] {
  return text(input)
    .split('\n')
    .map(line => line.trim())
    .filter(line => line !== '')
}

/** The booleans of YAML 1.2, as in `getBooleanInput`. */
function readBoolean(input: string, reject: Reject): boolean | undefined {
  const value = text(input)
  if (/^(true|True|TRUE)$/.test(value)) return true
  if (/^(false|False|FALSE)$/.test(value)) return false
  const allowed = input === 'comment' ? ['true', 'false', 'changes'] : ['true', 'false']
  return reject(input, `${quoteInput(value)} is not a valid value; use ${alternatives(allowed)}.`)
}

/** @returns undefined for `none`; an expression that resolved to nothing must not count as `none` */
function readDigest(input: string, reject: Reject): string | undefined {
  const value = core.getInput(input)
  const isSet = `INPUT_${input.toUpperCase()}` in process.env
  if (value === 'none' || !isSet) return undefined
  if (/^sha256:[0-9a-f]{64}$/.test(value)) return value
  const what =
    value === ''
      ? 'it is empty; set it to the output plan-digest of the plan that was approved (undo-plan-digest for an undo plan), or remove it to apply without an approval.'
      : `${quoteInput(value)} is not a digest; use the output plan-digest (undo-plan-digest for an undo plan): sha256: and 64 hexadecimal digits in lower case.`
  return reject(input, what)
}

function oneOf<Input extends keyof typeof CHOICES>(input: Input, reject: Reject): Choice<Input> | undefined {
  const allowed: readonly Choice<Input>[] = CHOICES[input]
  const value = text(input)
  const known = allowed.find(each => each === value)
  return known ?? reject(input, `${quoteInput(value)} is not a valid value; use ${alternatives(allowed)}.`)
}

const LIMIT = /^(?:(?<count>\d{1,9})(?: or (?=\d)|$))?(?:(?<percent>[1-9]\d?|100) ?%)?$/

function readRevocationLimit(input: string, reject: Reject): RevocationLimit | undefined {
  const value = text(input)
  const { count, percent } = LIMIT.exec(value)?.groups ?? {}
  if (count === undefined && percent === undefined) {
    const forms =
      'a count (20), a percentage of the live grants from 1% to 100% (10%), or both for the larger (20 or 10%)'
    return reject(input, `${quoteInput(value)} is not a limit; use ${forms}.`)
  }
  return { count: count ? Number(count) : undefined, percent: percent ? Number(percent) : undefined }
}

function readShare(input: string, reject: Reject): number | undefined {
  const value = text(input)
  const [, percent] = /^(\d{1,2}(?:\.\d{1,3})?) ?%$/.exec(value) ?? []
  if (percent !== undefined) return Number(percent) / 100
  return reject(input, `${quoteInput(value)} is not a share; use a percentage from 0% to 99%, such as 25%.`)
}

function readRate(input: string, reject: Reject): number | undefined {
  const value = text(input)
  if (value === '') return undefined
  const rate = /^\d{1,6}(\.\d{1,3})?$/.test(value) ? Number(value) : 0
  return rate > 0 ? rate : reject(input, `${quoteInput(value)} is not a number above 0, such as 5 or 0.5.`)
}

const MIN_LEDGER_KEY = 32

function readLedgerKey(value: string, reject: Reject): string | undefined {
  if (value === '') return undefined
  if (value.length >= MIN_LEDGER_KEY) return value
  const advice = `use a secret of at least ${MIN_LEDGER_KEY}, such as the output of "openssl rand -hex 32"`
  return reject('ledger-key', `it has ${value.length} characters; ${advice}.`)
}
