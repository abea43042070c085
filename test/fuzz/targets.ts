// Fuzz targets: everything that reads data from outside. Each target checks what must hold for any input; whatever it
// throws is a finding.

import fc from 'fast-check'
import { accessOf, NO_GRANTS, rolesAmong } from '../../src/access/grants.ts'
import { indexRoles } from '../../src/access/roles.ts'
import { ActionError } from '../../src/errors.ts'
import { addComment, listComments, readLogin } from '../../src/github/comments.ts'
import {
  compareCommits,
  createCommit,
  moveBranch,
  readBlob,
  readDefaultBranch,
  readHead,
  readTree,
} from '../../src/github/git.ts'
import { formatLedger, parseLedger } from '../../src/ledger/file.ts'
import type { Entry, Ledger } from '../../src/ledger/ledger.ts'
import { parseDocument } from '../../src/manifest/load.ts'
import { checkRoles, type Document, locateRemarks, readManifest, resolveRoles } from '../../src/manifest/manifest.ts'
import { readSaved, writeSaved } from '../../src/plan/saved.ts'
import { code, plain, prose } from '../../src/report/text.ts'
import type { TenantResponse } from '../../src/tenant/exchange.ts'
import { GROUPS, readBucket } from '../../src/tenant/limits.ts'
import { delayBefore, received, sending, startPace } from '../../src/tenant/pace.ts'
import { openTenant } from '../../src/tenant/tenant.ts'
import { cpuTime } from '../clock.ts'
import { grants, SOURCE } from '../plan/fixtures.ts'
import { connectGitHub, connectTenant, costOfGitHub, type Reply } from './wire.ts'

export interface Target {
  readonly name: string
  readonly property: fc.IAsyncProperty<[unknown]>
}

/** Milliseconds of CPU time that one input may take. */
const SLOW = 2_000

export function target<T>(name: string, inputs: fc.Arbitrary<T>, check: (input: T) => unknown): Target {
  const property = fc.asyncProperty(inputs, async input => {
    const from = cpuTime()
    await check(input)
    const took = cpuTime() - from
    if (took > SLOW) throw new Error(`took ${took.toFixed(0)} ms`)
  })
  return { name, property: property as fc.IAsyncProperty<[unknown]> }
}

export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what)
}

/** @throws anything that is not an error for the user */
async function answerOrError<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    must(error instanceof ActionError, `a defect: ${error}`)
    must(error.message.length > 10, 'an error that says nothing')
    return undefined
  }
}

// Parts of a manifest, which sometimes replace one another.
const word = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom('orders', 'read:orders', 'https://orders.acme.com/', 'auth0|1', 'a@acme.com', 'support'),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      '2026-12-31',
      '2026-02-30',
      '2026-12-31T18:00:00Z',
      '',
      ' ',
      '__proto__',
      '<<',
      'constructor',
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
)
const key = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.constantFrom('version', 'tenant', 'apis', 'bundles', 'users', 'id', 'email', 'connection'),
  },
  {
    weight: 8,
    arbitrary: fc.constantFrom('permissions', 'roles', 'identifier', 'name', 'expires', 'reason', 'orders', 'support'),
  },
  { weight: 1, arbitrary: word },
)
const { value } = fc.letrec<{ value: unknown }>(tie => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    word,
    fc.constantFrom(null, true, 1, 1.5, -0),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 5 }).map(entries => Object.fromEntries(entries)),
  ),
}))

const permissions = fc.dictionary(word, fc.oneof(fc.array(fc.oneof(word, value), { maxLength: 4 }), value), {
  maxKeys: 3,
})
/** A reference to one of `ROLES`, or to none of them. */
const role = fc.oneof(
  fc.constantFrom('Support', 'rol_1', 'rol_2', 'Twin', 'Suport', 'rol_9'),
  fc.record({ name: fc.constantFrom('Support', 'rol_1'), expires: word }),
)
const ROLES = indexRoles(
  new Map([
    ['rol_1', 'Support'],
    ['rol_2', 'orders'],
    ['rol_3', 'Twin'],
    ['rol_4', 'Twin'],
  ]),
)
const user = fc.record(
  {
    id: word,
    email: word,
    connection: word,
    permissions,
    roles: fc.oneof(fc.array(fc.oneof(role, word, value), { maxLength: 3 }), value),
    bundles: fc.array(fc.oneof(word, value), { maxLength: 3 }),
    expires: word,
    more: value,
  },
  { requiredKeys: [] },
)
const manifest = fc.record(
  {
    version: fc.constantFrom<unknown>(1, 2, '1'),
    tenant: word,
    apis: fc.dictionary(word, fc.oneof(word, value), { maxKeys: 3 }),
    roles: fc.oneof(fc.array(fc.oneof(role, word), { maxLength: 3 }), value),
    bundles: fc.dictionary(word, permissions, { maxKeys: 3 }),
    users: fc.oneof(fc.array(user, { maxLength: 5 }), value),
    more: value,
  },
  { requiredKeys: [] },
)

const YAML_PARTS = [
  'users:',
  '- id: ',
  '&a ',
  '*a',
  '{',
  '}',
  '[',
  ']',
  ': ',
  '\n',
  '  ',
  '? ',
  '| ',
  '> ',
  '"',
  "'",
  '#',
  '---',
  '...',
  '!!',
  '%YAML',
  '<<: ',
  '\t',
  '\r',
  '\u2028',
  '\ufeff',
  '\0',
]
const yaml = fc
  .array(fc.oneof(fc.constantFrom(...YAML_PARTS), word, fc.string({ unit: 'binary', maxLength: 5 })), { maxLength: 60 })
  .map(parts => parts.join(''))

function readText(text: string): void {
  const { documents, problems } = parseDocument('m.yml', text)
  for (const { place, message } of problems) {
    must(place.line >= 1 && place.column >= 1, `a problem nowhere: ${message}`)
    must(message.length > 10 && message.length < 4_096, `a message of ${message.length} characters`)
  }
  readDocuments(documents)
}

function readDocuments(documents: readonly Document[]): void {
  const { manifest, mistakes, expired } = readManifest(documents, new Date('2026-11-23T12:00:00Z'))
  const unresolved = [...checkRoles(documents, ROLES)]
  for (const { place, message } of locateRemarks(documents, [...mistakes, ...expired, ...unresolved])) {
    must(message.length > 10 && message.length < 4_096, `a message of ${message.length} characters`)
    must(place.line >= 1 && place.column >= 1, `a remark nowhere: ${message}`)
  }
  must(new Set(manifest.users).size === manifest.users.length, 'a user twice')
  const resolved = resolveRoles(manifest, ROLES)
  if (unresolved.length === 0) must(resolved.roles.isSubsetOf(new Set(ROLES.names.keys())), 'a role without an id')
  for (const { grants, expired = NO_GRANTS } of resolved.users) {
    const roles = rolesAmong([...grants.keys(), ...expired])
    must(roles.isSubsetOf(resolved.roles), `the manifest does not name ${[...roles].join()}`)
  }
}

/** A scalar as written without quotes, and whether YAML reads it as text. */
interface Scalar {
  readonly text: string
  readonly isText: boolean
}

const digits = fc.stringMatching(/^[0-9]{1,6}$/)
const sign = fc.constantFrom('', '-', '+')
const notText: fc.Arbitrary<Scalar> = fc
  .oneof(
    fc.constantFrom('true', 'True', 'FALSE', 'yes', 'No', 'ON', 'off', 'null', 'Null', '~', '.inf', '-.Inf', '.NAN'),
    fc.tuple(sign, digits).map(parts => parts.join('')),
    fc.tuple(sign, digits, digits).map(([sign, whole, part]) => `${sign}${whole}.${part}`),
    fc.tuple(digits, digits).map(([whole, part]) => `${whole}.${part}0`),
    fc
      .tuple(fc.constantFrom('1e', '2.5E', '7e-', '.5e+'), fc.stringMatching(/^[0-9]{1,2}$/))
      .map(parts => parts.join('')),
    fc.stringMatching(/^0x[0-9a-fA-F]{1,6}$/),
    fc.stringMatching(/^0o[0-7]{1,6}$/),
    fc.stringMatching(/^[1-9][0-9]{0,2}_[0-9]{3}$/),
    fc.date({ min: new Date('1970-01-01'), max: new Date('2099-12-31'), noInvalidDate: true }).chain(date => {
      const instant = date.toISOString()
      return fc.constantFrom(instant, instant.slice(0, 10))
    }),
  )
  .map(text => ({ text, isText: false }))
const plainText: fc.Arbitrary<Scalar> = fc
  .oneof(
    fc.constantFrom(
      'orders',
      'v1.10',
      '1.10.2',
      '1.1.0',
      '2026-13',
      'nulls',
      'truest',
      '__proto_',
      'constructor',
      'a b',
      'ł',
    ),
    fc.stringMatching(/^[a-z][a-z0-9._-]{3,8}[a-z]$/),
  )
  .map(text => ({ text, isText: text !== 'false' }))
const style = fc.constantFrom('plain', 'single', 'double')
const keys = fc.array(fc.tuple(fc.oneof(notText, plainText), style), { minLength: 1, maxLength: 6 })

function written({ text }: Scalar, style: 'plain' | 'single' | 'double'): string {
  return style === 'plain' ? text : style === 'single' ? `'${text}'` : `"${text}"`
}

/**
 * Aliases, bundles and roles with these names, and a user who has all of them. Either there is a mistake, or every name
 * is read as written.
 */
function readKeys(keys: readonly (readonly [Scalar, 'plain' | 'single' | 'double'])[]): void {
  const names = keys.map(([scalar, style]) => written(scalar, style))
  const section = (write: (name: string, index: number) => string) => names.map(write).join('\n')
  const text = [
    'apis:',
    section((name, index) => `  ${name}: "api:${index}"`),
    'roles:',
    section(name => `  - ${name}`),
    'bundles:',
    section((name, index) => `  ${name}: {"bundle:": [p${index}]}`),
    'users:',
    '  - id: auth0|1',
    `    bundles: [${names.join()}]`,
    `    roles: [${names.join()}]`,
    '    permissions:',
    section((name, index) => `      ${name}: [q${index}]`),
  ].join('\n')
  const { documents, problems } = parseDocument('m.yml', text)
  const { manifest, mistakes } = readManifest(documents, new Date('2026-11-23T12:00:00Z'))
  const messages = [...problems, ...locateRemarks(documents, mistakes)].map(({ message }) => message)
  const texts = keys.map(([{ text }]) => text)
  const unquoted = keys.filter(([{ isText }, style]) => style === 'plain' && !isText)
  const repeated = texts.length - new Set(texts).size
  for (const [{ text }] of unquoted) {
    must(
      messages.some(message => message.includes(` ${text} as `) && message.includes(`quote it: "${text}"`)),
      text,
    )
  }
  const duplicates = messages.filter(message => message.startsWith('Duplicate key'))
  must(duplicates.length === 3 * repeated, `${duplicates.length} duplicates instead of ${3 * repeated}`)
  if (unquoted.length > 0 || repeated > 0) return
  must(messages.length === 0, `a mistake in what has none: ${messages[0]}`)
  const expected = keys.flatMap(([{ text }], index) => [`api:${index} q${index}`, `bundle: p${index}`, text])
  const found = manifest.users.flatMap(({ grants }) =>
    [...grants.keys()].map(each => Object.values(accessOf(each)).join(' ')),
  )
  must(expected.sort().join() === found.sort().join(), `${found.join()} instead of ${expected.join()}`)
}

const IDENTITY_PARTS = [
  ...[
    'auth0',
    'samlp|acme',
    'ad',
    '|',
    '5f7c8ec7c33c6c004bbafe82',
    'grace',
    '@',
    'acme',
    '.',
    'com',
    'io',
    '-',
    '+',
    '_',
  ],
  ...[
    ' ',
    '%7C',
    '%25',
    '%',
    "'",
    '"',
    '<',
    '>',
    'mailto:',
    ',',
    ';',
    '..',
    '(',
    ')',
    '\\',
    '/',
    ':',
    'CN=',
    '=',
    '{',
    '}',
  ],
  ...[
    '“',
    '”',
    '’',
    '«',
    '\u200b',
    '\u202e',
    '\ufeff',
    '\u00a0',
    '\u3000',
    '\u00ad',
    '\t',
    '\n',
    '\u0007',
    '\ud800',
    'ł',
    '例',
  ],
  ...['…', '...', '${', '{{', '$', '<id>', 'xxx', 'user_id', 'ID'],
]
const part = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...IDENTITY_PARTS) },
  fc.string({ unit: 'binary', maxLength: 2 }),
)
/** Random parts, or a valid value with some of it replaced by a part. */
const identity = fc.oneof(
  fc.array(part, { minLength: 1, maxLength: 8 }).map(parts => parts.join('')),
  fc
    .tuple(
      fc.constantFrom(
        'auth0|5f7c8ec7c33c6c004bbafe82',
        'samlp|acme|CN=Grace',
        "o'hara+x@mail.acme.com",
        'ł@例.io',
        'a@b.2',
      ),
      fc.nat({ max: 30 }),
      fc.nat({ max: 2 }),
      fc.oneof(fc.constant(''), part),
    )
    .map(([text, at, length, part]) => text.slice(0, at) + part + text.slice(at + length))
    .filter(text => text !== ''),
)

/** Visible letters, digits, marks, punctuation and symbols, and the ordinary space. */
function isSeen(character: string): boolean {
  if (character === ' ') return true
  return /[\p{L}\p{M}\p{N}\p{P}\p{S}\p{Cn}\p{Co}]/u.test(character) && !/[\p{DI}\u2800]/u.test(character)
}

function isClean(text: string): boolean {
  return [...text].every(isSeen) && !/[“”„‟‘’‚‛«»‹›⸂-⸍⸜⸝⸠⸡＂＇]/u.test(text)
}

function isReplaced(text: string): boolean {
  if (['${', '{{', '#{', '%{', '$(', '…'].some(mark => text.includes(mark)) || text.endsWith('...')) return false
  return text.split('|').every(part => {
    const name = part.toLowerCase().replaceAll(/[ _-]/g, '')
    if (/^(your)?(auth0)?(user)?id$/.test(name))
      return !/^(?:your[ _-]?)?(?:auth0[ _-]?)?(?:user[ _-]?)?id$/i.test(part)
    const inside = part.slice(1, -1)
    if (part.length > 1 && part.startsWith('<') && part.endsWith('>')) return /[<>]/.test(inside)
    if (part.length > 2 && /^(\[.*\]|\{.*\})$/.test(part)) return /[^a-z _-]/i.test(inside)
    if (/^(\$\w+|%\w+%)$/.test(part)) return false
    return !(part.length > 2 && [...part].every(letter => letter.toLowerCase() === 'x'))
  })
}

/** As the README says, character by character. */
function canBeId(text: string): boolean {
  const bar = text.indexOf('|')
  const connection = text.slice(0, Math.max(0, bar))
  const isConnection = connection !== '' && [...connection].every(each => /[A-Za-z0-9_.-]/.test(each))
  return isConnection && !/[ |]$/.test(text) && isClean(text) && isReplaced(text)
}

function canBeAddress(text: string): boolean {
  const [local = '', domain, ...others] = text.split('@')
  if (local === '' || domain === undefined || others.length > 0 || !isClean(text)) return false
  if ([...local].some(each => ' <>()[]{}\\|,;:"…`'.includes(each))) return false
  const labels = domain.split('.')
  const isLabel = (label: string) => label !== '' && [...label].every(each => /[\p{L}\p{M}\p{N}_-]/u.test(each))
  return (
    labels.length > 1 &&
    labels.every(label => isLabel(label) && !label.startsWith('-') && !label.endsWith('-')) &&
    /^\p{L}/u.test(String(labels.at(-1)))
  )
}

function readIdentity(text: string): void {
  for (const [key, canBe] of [
    ['id', canBeId],
    ['email', canBeAddress],
  ] as const) {
    const mistakesIn = (value: string) => {
      const { documents, problems } = parseDocument('m.yml', `users: [{${key}: ${JSON.stringify(value)}}]`)
      must(problems.length === 0, `not YAML: ${problems[0]?.message}`)
      return locateRemarks(documents, readManifest(documents, new Date(0)).mistakes).map(({ message }) => message)
    }
    const [message, ...others] = mistakesIn(text)
    must((message === undefined) === canBe(text), `the ${key} ${JSON.stringify(text)}: ${message}`)
    must(others.length === 0, `more than one mistake: ${others.join()}`)
    const [, advised] = /; write (".*")\.$/.exec(message ?? '') ?? []
    if (advised === undefined || advised.includes('…')) continue
    must(mistakesIn(JSON.parse(advised)).length === 0, `wrong advice: ${message}`)
  }
}

const NUMBERS = [
  '',
  '0',
  '1',
  '-1',
  '50',
  '1e3',
  'NaN',
  '999999999999',
  '9999999999999999',
  '1795449190',
  ' 7',
  '0x10',
  '٣',
]
const header = fc.oneof(fc.constantFrom(...NUMBERS), fc.string({ maxLength: 8 }), fc.nat().map(String))
const headers = fc.record(
  {
    'x-ratelimit-limit': fc.oneof(header, fc.constant<string[]>(['1', '2'])),
    'x-ratelimit-remaining': header,
    'x-ratelimit-reset': header,
    date: fc.oneof(fc.constant('Mon, 23 Nov 2026 12:00:00 GMT'), fc.string({ maxLength: 10 })),
  },
  { requiredKeys: [] },
)
const exchange = fc.record({
  group: fc.constantFrom(...GROUPS),
  headers,
  kind: fc.constantFrom('worked' as const, 'throttled' as const, 'failed' as const),
  latency: fc.nat({ max: 40_000 }),
})

/** No sequence of headers makes the pace wait forever, or not at all after a refusal. */
function keepPace(exchanges: readonly (typeof exchange extends fc.Arbitrary<infer T> ? T : never)[]): void {
  let pace = startPace({ headroom: 0.25, ceiling: undefined })
  let now = 1_795_000_000_000
  for (const { group, headers, kind, latency } of exchanges) {
    pace = sending(pace, { group, now })
    now += latency
    const bucket = readBucket(headers, { at: now, time: now })
    if (bucket !== undefined) {
      must(bucket.limit > 0 && bucket.remaining >= 0 && bucket.remaining <= bucket.limit, 'an impossible bucket')
      must(bucket.resetAt >= now, 'a reset in the past')
    }
    pace = received(pace, { group, sent: pace, bucket, kind, now })
    const delay = delayBefore(pace, { group, waiting: GROUPS, now })
    must(Number.isInteger(delay) && delay >= 0 && delay <= 60_000, `a delay of ${delay}`)
    if (bucket !== undefined && kind === 'throttled')
      must(delay > 0 || bucket.resetAt === now, 'no delay after a refusal')
    now += delay
  }
}

const permissionItem = fc.record(
  {
    permission_name: fc.oneof(word, value),
    resource_server_identifier: fc.oneof(word, value),
    sources: fc.oneof(
      fc.array(
        fc.record({ source_type: fc.constantFrom('DIRECT', 'ROLE', 'GROUP', ''), source_name: fc.oneof(word, value) }),
        { maxLength: 3 },
      ),
      value,
    ),
  },
  { requiredKeys: [] },
)
const body = fc.oneof(
  value,
  fc.record(
    { permissions: fc.array(permissionItem, { maxLength: 3 }), total: fc.oneof(fc.nat({ max: 5 }), value) },
    { requiredKeys: [] },
  ),
  fc.array(
    fc.record(
      { user_id: fc.oneof(word, value), email: value, email_verified: value, identities: value },
      { requiredKeys: [] },
    ),
    { maxLength: 3 },
  ),
  fc.array(
    fc.record(
      { identifier: fc.oneof(word, value), scopes: value, enforce_policies: value, token_dialect: value },
      { requiredKeys: [] },
    ),
    { maxLength: 3 },
  ),
  fc.record({
    start: value,
    limit: value,
    total: fc.oneof(fc.nat({ max: 2_000 }), value),
    users: fc.oneof(fc.array(fc.record({ user_id: word })), value),
  }),
  fc.record({ statusCode: value, error: value, message: value, errorCode: value }),
)
const response = fc.record({ status: fc.constantFrom(200, 201, 204, 301, 400, 401, 403, 404, 409), body })

async function callTenant(responses: readonly Pick<TenantResponse, 'status' | 'body'>[]): Promise<void> {
  let next = 0
  const tenant = openTenant({
    send: async request => ({
      attempts: 1,
      headers: {},
      status: 200,
      body: [],
      ...responses[next++ % responses.length],
      request,
    }),
    halt: () => undefined,
    scopes: async () => undefined,
  })
  const live = await answerOrError(() => tenant.permissionsOf('auth0|1'))
  if (live !== undefined)
    must(
      [...live.derived.values()].every(roles => roles.length > 0),
      'a permission through no role',
    )
  await answerOrError(() => tenant.apis(['https://orders.acme.com/']))
  await answerOrError(() => tenant.findByEmail('a@acme.com'))
  await answerOrError(() => tenant.searchUsers('*'))
  await answerOrError(() => tenant.roles())
  await answerOrError(() => tenant.rolesOf('auth0|1'))
  const members = await answerOrError(() => tenant.membersOf('rol_1'))
  if (members !== undefined) await answerOrError(() => tenant.allMembersOf(members))
  await answerOrError(() => tenant.grant('auth0|1', [{ role: 'rol_1' }]))
  await answerOrError(() => tenant.grant('auth0|1', [{ api: 'a', permission: 'p' }]))
  await answerOrError(() => tenant.revoke('auth0|1', [{ api: 'a', permission: 'p' }]))
}

const text = fc.oneof(
  body.map(each => JSON.stringify(each) ?? ''),
  body.map(each => (JSON.stringify(each) ?? '').slice(0, 20)),
  yaml,
  fc.constantFrom('', '<html>busy</html>', 'null', '[]', '{}', '[[[[', '{"access_token":"t"}'),
)
const bytes = fc.oneof(
  { weight: 4, arbitrary: text.map(each => Buffer.from(each)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 60 }) },
)
const reply: fc.Arbitrary<Reply> = fc.record(
  {
    status: fc.oneof(
      fc.constantFrom(200, 200, 200, 201, 204, 307, 401, 404, 408, 429, 500),
      fc.integer({ min: 200, max: 999 }),
    ),
    headers: headers.map(each => ({ 'retry-after': '9', ...each })),
    body: bytes,
    fault: fc.constantFrom(undefined, undefined, 'ECONNRESET', 'UND_ERR_BODY_TIMEOUT', 'CERT_HAS_EXPIRED'),
  },
  { requiredKeys: ['status', 'headers', 'body'] },
)
/** Without a token, no request to the Management API would be sent. */
const TOKEN: Reply = {
  status: 200,
  headers: {},
  body: Buffer.from(JSON.stringify({ access_token: 'a-token', expires_in: 86_400, scope: 'read:users' })),
}

/** The most that these seven calls may wait and send. */
const LONGEST_WAIT = 60 * 60_000
const MOST_REQUESTS = 400

async function callOverHttp(replies: readonly Reply[]): Promise<void> {
  const { tenant, scopes, requests, waited } = connectTenant(replies)
  await answerOrError(scopes)
  await answerOrError(() => tenant.permissionsOf('auth0|1'))
  await answerOrError(() => tenant.apis(['https://orders.acme.com/']))
  await answerOrError(() => tenant.findByEmail('a@acme.com'))
  await answerOrError(() => tenant.searchUsers('*'))
  await answerOrError(() => tenant.roles())
  await answerOrError(() => tenant.rolesOf('auth0|1'))
  const members = await answerOrError(() => tenant.membersOf('rol_1'))
  if (members !== undefined) await answerOrError(() => tenant.allMembersOf(members))
  await answerOrError(() => tenant.grant('auth0|1', [{ role: 'rol_1' }]))
  await answerOrError(() => tenant.grant('auth0|1', [{ api: 'a', permission: 'p' }]))
  await answerOrError(() => tenant.revoke('auth0|1', [{ api: 'a', permission: 'p' }]))
  must(waited() < LONGEST_WAIT, `a wait of ${waited()} ms`)
  must(requests() < MOST_REQUESTS, `${requests()} requests`)
}

/** Node's server sends no others. */
const sendable = header.filter(each => /^[ -~]*$/.test(each))
const githubHeaders = fc.record(
  { 'retry-after': sendable, 'x-ratelimit-remaining': sendable, 'x-ratelimit-reset': sendable },
  { requiredKeys: [] },
)
const sha = fc.oneof(fc.constantFrom('4f1c0a92be7d5d3c8e6f0b1a2c3d4e5f60718293', ''), value)
const gitObject = fc.record(
  {
    sha,
    ref: fc.oneof(fc.constantFrom('refs/heads/main', 'refs/heads/main2'), value),
    object: fc.oneof(fc.record({ sha }), value),
    path: fc.oneof(word, value),
    type: fc.oneof(fc.constantFrom('blob', 'tree', 'commit'), value),
    id: fc.oneof(fc.nat(), value),
    user: fc.oneof(fc.record({ login: word }), value),
    body: value,
  },
  { requiredKeys: ['sha', 'ref', 'object', 'path', 'type', 'id'] },
)
const githubBody = fc.oneof(
  fc.array(gitObject, { maxLength: 3 }),
  gitObject,
  fc.record({ tree: fc.array(gitObject, { maxLength: 3 }), truncated: fc.oneof(fc.boolean(), value) }),
  fc.record({
    status: fc.oneof(fc.constantFrom('identical', 'ahead', 'behind', 'diverged'), value),
    default_branch: value,
    message: fc.oneof(fc.constantFrom('Update is not a fast forward', 'Reference already exists'), value),
  }),
)
const githubReply: fc.Arbitrary<Reply> = fc.record(
  {
    status: fc.constantFrom(200, 200, 200, 200, 201, 202, 204, 400, 401, 403, 404, 408, 422, 429, 451, 500, 503),
    headers: githubHeaders,
    body: fc.oneof(
      bytes,
      githubBody.map(each => Buffer.from(JSON.stringify(each))),
    ),
    fault: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, fc.constant('ECONNRESET')),
  },
  { requiredKeys: ['status', 'headers', 'body'] },
)

/** Four attempts for each of these calls, two of which send several requests. */
const MOST_GITHUB_REQUESTS = 60

async function callGitHub(replies: readonly Reply[]): Promise<void> {
  const github = await connectGitHub(replies)
  const head = await answerOrError(() => readHead(github, 'main'))
  must(head === undefined || head.length > 0, 'a branch at no commit')
  const branch = await answerOrError(() => readDefaultBranch(github))
  must(branch === undefined || branch.length > 0, 'a default branch without a name')
  for (const recursive of [false, true]) {
    const found = await answerOrError(() => readTree(github, { of: 'a-commit', recursive }))
    must(found === undefined || found.tree.every(({ path, sha }) => path !== '' && sha !== ''), 'a nameless file')
  }
  const text = await answerOrError(() => readBlob(github, 'a-blob'))
  must(text === undefined || typeof text === 'string', 'a file that is not text')
  const relation = await answerOrError(() => compareCommits(github, { base: 'a', head: 'b' }))
  must(relation === undefined || /^(identical|ahead|behind|diverged)$/.test(relation), `the relation ${relation}`)
  const file = { path: 'ledger.json', text: '{}', parents: ['a'], message: 'm' }
  const commit = await answerOrError(() => createCommit(github, file))
  must(commit === undefined || commit.length > 0, 'a commit without an id')
  for (const from of [undefined, 'a']) {
    const moved = await answerOrError(() => moveBranch(github, { branch: 'main', from, to: 'b' }))
    must(moved === undefined || typeof moved === 'boolean', 'neither moved nor overtaken')
  }
  await answerOrError(() => listComments(github, 1))
  await answerOrError(() => addComment(github, { pullRequest: 1, body: 'hello' }))
  must((await answerOrError(() => readLogin(github))) !== '', 'nobody')
  const { requests, waited } = costOfGitHub()
  must(requests < MOST_GITHUB_REQUESTS, `${requests} requests`)
  must(waited < LONGEST_WAIT, `a wait of ${waited} ms`)
}

const KEY = 'a key of the ledger that nobody else has'
const LEDGER: Ledger = {
  tenant: 'acme.eu.auth0.com',
  commit: '4f1c0a92be7d5d3c8e6f0b1a2c3d4e5f60718293',
  branch: 'main',
  latest: { run: 'https://github.com/acme/access/actions/runs/1', commit: '4f1c', at: '2026-11-23T12:00:00.000Z' },
  applying: false,
  files: ['m.yml'],
  users: new Map<string, Entry>([
    ['auth0|1', { listed: ['id'], managed: new Set(grants(['read:orders', 'a"b\\c'])), unfinished: false }],
    ['auth0|2', { listed: [{ email: 'a@acme.com' }], managed: new Set(), unfinished: true }],
  ]),
}
const SEALED = formatLedger(LEDGER, KEY)
const LEDGER_JSON = JSON.parse(SEALED)
const SEALS = [
  LEDGER_JSON.seal,
  `hmac-sha256:${'0'.repeat(64)}`,
  JSON.parse(formatLedger(LEDGER, 'another key')).seal,
  '',
] as const

/** A sealed file, partially replaced. */
const edited = fc
  .tuple(fc.nat({ max: SEALED.length }), fc.nat({ max: 20 }), fc.oneof(fc.constantFrom('', ' ', ',', '"', '}'), word))
  .map(([at, length, text]) => `${SEALED.slice(0, at)}${text}${SEALED.slice(at + length)}`)
const ledgerUser = fc.record(
  {
    id: word,
    listed: fc.oneof(fc.array(fc.oneof(fc.constant('id'), fc.record({ email: word }), value), { maxLength: 3 }), value),
    managed: fc.oneof(permissions, value),
    unfinished: value,
    more: value,
  },
  { requiredKeys: ['id', 'listed', 'managed'] },
)
const ledgerFile = fc.oneof(
  edited,
  fc
    .record(
      { commit: word, branch: word, applying: fc.boolean(), seal: fc.constantFrom(...SEALS) },
      { requiredKeys: ['seal'] },
    )
    .chain(change =>
      fc
        .constantFrom(undefined, 1, '\r\n')
        .map(space => JSON.stringify({ ...LEDGER_JSON, ...change }, undefined, space)),
    ),
  fc
    .record(
      {
        ...Object.fromEntries(Object.keys(LEDGER_JSON).map(name => [name, value])),
        users: fc.oneof(fc.array(ledgerUser, { maxLength: 3 }), value),
        seal: fc.oneof(fc.constantFrom(...SEALS), value),
      },
      { requiredKeys: [] },
    )
    .map(change => JSON.stringify({ ...LEDGER_JSON, ...change })),
  // On its own line, and on another one that is not the seal's place.
  fc.tuple(fc.constantFrom(...SEALS), word).map(([seal, text]) => {
    const line = `,\n"seal": "${seal}"\n}\n`
    return SEALED.replace(/,\n"seal".*\n}\n$/, `${line}${text}${line}`)
  }),
  fc.constant(SEALED),
  text,
)

function readLedger(content: string): void {
  for (const key of [undefined, KEY]) {
    const reading = parseLedger(content, key)
    if (reading.kind === 'unreadable') {
      must(reading.problem.length > 0, 'unreadable for no reason')
      continue
    }
    const { ledger, seal } = reading
    must((seal === 'unchecked') === (key === undefined), `the seal is ${seal}`)
    // Without the key, no other seal can be made.
    must(seal !== 'right' || content === SEALED, 'a seal of nobody is right')
    must(seal !== 'wrong' || content !== SEALED, 'the right seal is wrong')
    const again = parseLedger(formatLedger(ledger, KEY), KEY)
    must(again.kind === 'ledger' && again.seal === 'right', 'a ledger that cannot be written and read again')
  }
}

const SAVED = JSON.parse(
  writeSaved({
    format: 2,
    tenant: 't',
    source: SOURCE,
    users: [{ user: 'u', grant: [{ api: 'a', permission: 'p', roles: [] }], revoke: [], before: [] }],
    heldBack: [{ user: 'u', api: 'a', permission: 'q', entry: 'a@acme.com' }],
    found: [{ user: 'u', api: 'a', permission: 'r' }],
    addresses: [{ user: 'u', email: 'a@acme.com' }],
    holders: [],
    restores: [{ user: 'u', before: { listed: ['id'], managed: [] }, after: null }],
  }),
)

/** A name that could have an effect in a log, a command or Markdown. */
const NASTY = [
  '::error::',
  '##[stop]',
  '\n',
  '\r',
  '\u001b[31m',
  '<img>',
  '@team',
  '`',
  '|',
  '\u202e',
  '\u200b',
  '&lt;',
  '-->',
  ' ',
  ':',
]
const nasty = fc
  .array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary', maxLength: 3 })), { maxLength: 12 })
  .map(parts => parts.join(''))

export const TARGETS: readonly Target[] = [
  target('a manifest of raw text', yaml, readText),
  target('a manifest of raw bytes', fc.uint8Array({ maxLength: 200 }), bytes =>
    readText(Buffer.from(bytes).toString('utf8')),
  ),
  target('a manifest with the right keys', manifest, content => readText(JSON.stringify(content) ?? '')),
  target('several manifests', fc.array(manifest, { maxLength: 3 }), contents =>
    readDocuments(
      contents.flatMap((content, index) => parseDocument(`${index}.yml`, JSON.stringify(content)).documents),
    ),
  ),
  target('keys of all types that YAML has', keys, readKeys),
  target('ids and addresses', identity, readIdentity),
  target('rate-limit headers', fc.array(exchange, { maxLength: 30 }), keepPace),
  target("the tenant's responses", fc.array(response, { minLength: 1, maxLength: 4 }), callTenant),
  target(
    "the tenant's bytes and headers",
    fc.tuple(fc.boolean(), fc.array(reply, { minLength: 1, maxLength: 6 })),
    ([authorised, replies]) => callOverHttp(authorised ? [TOKEN, ...replies] : replies),
  ),
  target("GitHub's responses", fc.array(githubReply, { minLength: 1, maxLength: 4 }), callGitHub),
  target('a ledger file', ledgerFile, readLedger),
  target(
    'a saved plan',
    fc.oneof(
      value,
      fc.dictionary(fc.constantFrom(...Object.keys(SAVED)), value).map(change => ({ ...SAVED, ...change })),
    ),
    content => {
      const { plan, problem } = readSaved(JSON.stringify(content) ?? '')
      must((plan === undefined) !== (problem === undefined), 'neither a plan nor a problem')
    },
  ),
  target('text', nasty, text => {
    const line = plain(text)
    must(
      !/^\s*::|##\[/.test(line) && !/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(line),
      `a command or unseen character: ${line}`,
    )
    must(!/[<>]/.test(prose(text).replace(/<\/?code>/g, '')), 'markup in prose')
    must(!/[<>]/.test(code(text).replace(/^<code>|<\/code>$/g, '')), 'markup in code')
  }),
]
