// Records of typical runs, for the preview and for the tests of the renderers.

import { grantOf, type Permission, type Role } from '../../src/access/grants.ts'
import { TenantError } from '../../src/errors.ts'
import { parseDocument } from '../../src/manifest/load.ts'
import { readManifest } from '../../src/manifest/manifest.ts'
import { adviseOn } from '../../src/plan/advise.ts'
import { checkEvent, checkRevocations, warnOfApis } from '../../src/plan/guard.ts'
import type { Holders, Operation, Plan, Source, UserOutcome, UserPlan } from '../../src/plan/plan.ts'
import { unfinishedOf } from '../../src/report/conclude.ts'
import { newRecord, type RunRecord, type UserFailure } from '../../src/report/record.ts'

const TENANT = 'acme.eu.auth0.com'
const ORDERS = 'https://orders.acme.com/'
const BILLING = 'https://billing.acme.com/'
const FILE = '.github/auth0-permissions.yml'
const COMMIT = '4f1c0a92be7d5d3c8e6f0b1a2c3d4e5f60718293'
const DIGEST = 'sha256:8c2f6a0d9e41b37c5a90f4d2e7b81c63a5f09d4e2b7c81f36a90e5d4c2b7f183'

const UNDO_DIGEST = 'sha256:3b7c81f36a90e5d4c2b7f1838c2f6a0d9e41b37c5a90f4d2e7b81c63a5f09d4e'

const LEDGER = {
  branch: `auth0-permissions/${TENANT}`,
  commit: 'be7d5d3c8e6f0b1a2c3d4e5f607182934f1c0a92',
  run: 'https://github.com/acme/access/actions/runs/11862354080',
  at: '2026-11-02T16:40:02.000Z',
  head: undefined,
}

const ADA = 'auth0|65a1f0c2d4e6f80b1c3d5e71'
const GRACE = 'auth0|65a1f0c2d4e6f80b1c3d5e72'
const LINUS = 'google-oauth2|108204268033311374519'
const MARGARET = 'samlp|acme-okta|margaret@acme.com'

const LIMIT = { limit: { count: 20, percent: undefined }, live: 60 }

const SOURCE: Source = {
  commit: COMMIT,
  files: [FILE],
  at: '2026-11-03T09:12:44.000Z',
  users: 12,
}

type Terms = Partial<Pick<Operation, 'roles' | 'expires' | 'reason' | 'why'>>

function permit(permission: string, api: string, terms: Terms = {}): Operation {
  return { api, permission, roles: [], ...terms }
}

function assign(name: string, terms: Terms = {}): Operation {
  return { ...roleOf(name), roles: [], ...terms }
}

function roleOf(name: string): Role {
  return { role: `rol_${name.replaceAll(/\W/g, '')}`, name }
}

function planOf(users: readonly UserPlan[], holders: readonly Holders[], source: Partial<Source> = {}): Plan {
  return { format: 2, tenant: TENANT, source: { ...SOURCE, ...source }, users, heldBack: [], found: [], holders }
}

function done({ user, grant, revoke }: UserPlan): UserOutcome {
  return { user, status: 'done', granted: grant, revoked: revoke, errors: [] }
}

function notAttempted({ user }: UserPlan): UserOutcome {
  return { user, status: 'not attempted', granted: [], revoked: [], errors: [] }
}

function record(known: Partial<RunRecord>): RunRecord {
  return {
    ...newRecord(),
    mode: 'plan',
    revoke: 'managed',
    scope: 'all',
    tenant: TENANT,
    files: [FILE],
    users: 12,
    read: 12,
    digest: DIGEST,
    commit: COMMIT,
    apis: [
      { identifier: ORDERS, alias: 'orders', tokenLifetime: 86_400 },
      { identifier: BILLING, alias: 'billing', tokenLifetime: 7_200 },
    ],
    ledger: LEDGER,
    planFile: '/runner/_temp/auth0-permissions-x1/plan.json',
    traffic: { requests: 14, waited: 0, waitingFor: undefined, blind: false },
    duration: 1_840,
    ...known,
  }
}

const APPLIED: Partial<RunRecord> = {
  mode: 'apply',
  ledger: { ...LEDGER, head: '0c3d4e5f607182934f1c0a92be7d5d3c8e6f0b1a' },
  undoPlanFile: '/runner/_temp/auth0-permissions-x1/undo-plan.json',
  undoDigest: UNDO_DIGEST,
}

const MIXED_USERS: readonly UserPlan[] = [
  {
    user: ADA,
    grant: [
      permit('write:orders', ORDERS),
      permit('write:invoices', BILLING, { expires: '2026-12-31', reason: 'quarter close, FIN-118' }),
    ],
    revoke: [permit('refund:orders', ORDERS, { why: 'line removed' })],
    before: [permit('refund:orders', ORDERS)],
  },
  {
    user: LINUS,
    grant: [],
    revoke: [permit('read:orders', ORDERS, { roles: ['Order Reader'], why: 'not listed' })],
    before: [],
  },
  { user: MARGARET, grant: [permit('read:orders', ORDERS, { roles: ['Order Reader'] })], revoke: [], before: [] },
]

const MIXED_HOLDERS: readonly Holders[] = [
  { api: BILLING, permission: 'write:invoices', before: 1, after: 2 },
  { api: ORDERS, permission: 'read:orders', before: 9, after: 9 },
  { api: ORDERS, permission: 'refund:orders', before: 2, after: 1 },
  { api: ORDERS, permission: 'write:orders', before: 3, after: 4 },
]

const [RBAC_OFF = ''] = warnOfApis([{ identifier: BILLING, rbac: false, permissionsInToken: true }])

const empty = record({ plan: planOf([], []) })

const firstGrants = record({
  users: 3,
  read: 3,
  ledger: { branch: LEDGER.branch, commit: undefined, run: undefined, at: undefined, head: undefined },
  plan: planOf(
    [ADA, GRACE, LINUS].map(user => ({
      user,
      grant: [permit('read:orders', ORDERS), permit('refund:orders', ORDERS)],
      revoke: [],
      before: [],
    })),
    [
      { api: ORDERS, permission: 'read:orders', before: 0, after: 3 },
      { api: ORDERS, permission: 'refund:orders', before: 0, after: 3 },
    ],
    { users: 3 },
  ),
  traffic: { requests: 5, waited: 0, waitingFor: undefined, blind: false },
  duration: 912,
})

const mixed = record({
  plan: planOf(MIXED_USERS, MIXED_HOLDERS),
  warnings: [{ message: RBAC_OFF }],
  unmanaged: [
    { user: GRACE, ...bare('read:invoices', BILLING) },
    { user: GRACE, ...bare('write:invoices', BILLING) },
    { user: LINUS, ...bare('write:orders', ORDERS) },
  ],
  derived: [
    { user: LINUS, ...bare('read:orders', ORDERS), roles: ['Order Reader'] },
    { user: MARGARET, ...bare('read:orders', ORDERS), roles: ['Order Reader', 'Support Lead'] },
  ],
  advice: adviseOn(
    [
      {
        id: MARGARET,
        listed: true,
        desired: new Map([[grantOf(ORDERS, 'read:orders'), {}]]),
        managed: new Set(),
        live: {
          direct: new Set(),
          derived: new Map([
            [
              grantOf(ORDERS, 'read:orders'),
              [
                { role: 'rol_1', name: 'Order Reader' },
                { role: 'rol_2', name: 'Support Lead' },
              ],
            ],
          ]),
        },
      },
    ],
    { users: [] },
  ),
})

function bare(permission: string, api: string): Permission {
  return { api, permission }
}

const OFF_BOARDED: readonly UserPlan[] = [
  {
    user: ADA,
    grant: [],
    revoke: [permit('refund:orders', ORDERS, { why: 'line removed' })],
    before: [permit('refund:orders', ORDERS)],
  },
  {
    user: GRACE,
    grant: [],
    revoke: [
      permit('read:invoices', BILLING, { why: 'user removed' }),
      permit('read:orders', ORDERS, { roles: ['Order Reader'], why: 'user removed' }),
    ],
    before: [permit('read:invoices', BILLING), permit('read:orders', ORDERS)],
  },
]

const offBoarding = record({
  ...APPLIED,
  plan: planOf(OFF_BOARDED, [{ api: ORDERS, permission: 'refund:orders', before: 2, after: 1 }]),
  outcomes: OFF_BOARDED.map(done),
  removed: [GRACE],
})

const LARGE = 5_000
const LARGE_USERS: readonly UserPlan[] = Array.from({ length: LARGE }, (_, index) => {
  const id = `auth0|${(0x65a1f0c2d4e6 + index * 7_919).toString(16)}${String(index).padStart(12, '0')}`
  const grant = [permit('read:orders', ORDERS), permit('refund:orders', ORDERS, { expires: '2027-03-31' })]
  return index % 4 === 0
    ? { user: id, grant, revoke: [permit('write:orders', ORDERS)], before: [permit('write:orders', ORDERS)] }
    : { user: id, grant, revoke: [], before: [] }
})

const large = record({
  users: 12_400,
  read: 12_400,
  plan: planOf(
    LARGE_USERS,
    [
      { api: ORDERS, permission: 'read:orders', before: 7_400, after: 12_400 },
      { api: ORDERS, permission: 'refund:orders', before: 120, after: 5_120 },
      { api: ORDERS, permission: 'write:orders', before: 1_250, after: 0 },
    ],
    { users: 12_400 },
  ),
  warnings: checkRevocations(planOf(LARGE_USERS, []), LIMIT).map(message => ({ message })),
  traffic: { requests: 12_402, waited: 96_400, waitingFor: undefined, blind: false },
  duration: 271_300,
})

const missing = record({
  plan: planOf(MIXED_USERS.slice(1), []),
  failures: [missingUser(31)],
})

const REFUSED_REVOCATION = new TenantError(`Revoking permissions from ${ADA} failed`, {
  request: 'DELETE /api/v2/users/auth0%7C65a1f0c2d4e6f80b1c3d5e71/permissions',
  reach: 'operation',
  attempts: 1,
  status: 400,
  errorCode: 'operation_not_supported',
  message: 'The operation is not supported for this user',
  requestId: '8f1d2c',
  advice: 'The request had no effect.',
})

const failures = record({
  ...APPLIED,
  plan: planOf(MIXED_USERS, MIXED_HOLDERS),
  outcomes: [
    {
      user: ADA,
      status: 'failed',
      granted: MIXED_USERS[0]?.grant ?? [],
      revoked: [],
      errors: [REFUSED_REVOCATION.message],
    },
    ...MIXED_USERS.slice(1).map(done),
  ],
  emails: [{ user: ADA, email: 'ada@acme.com' }],
  failures: [
    missingUser(31),
    {
      user: ADA,
      email: 'ada@acme.com',
      message: REFUSED_REVOCATION.message,
      place: { file: FILE, line: 12, column: 11 },
    },
  ],
  warnings: [{ message: RBAC_OFF }],
})

function missingUser(line: number): UserFailure {
  const user = 'auth0|65a1f0c2d4e6f80b1c3d5e99'
  const message = `The tenant has no user ${user}. Correct the id, or remove the entry.`
  return { user, message, place: { file: FILE, line, column: 11 } }
}

const REFUSED = planOf(
  Array.from({ length: 24 }, (_, index) => ({
    user: `auth0|65a1f0c2d4e6f80b1c3d6e${(index + 16).toString(16)}`,
    grant: [],
    revoke: [permit('read:orders', ORDERS), permit('write:orders', ORDERS)],
    before: [permit('read:orders', ORDERS), permit('write:orders', ORDERS)],
  })),
  [
    { api: ORDERS, permission: 'read:orders', before: 36, after: 12 },
    { api: ORDERS, permission: 'write:orders', before: 30, after: 6 },
  ],
)

const refused = record({
  mode: 'apply',
  stopped: 'refused',
  revoke: 'all',
  plan: REFUSED,
  users: 36,
  read: 36,
  errors: [
    ...checkEvent({ name: 'pull_request', ref: 'refs/pull/5/merge', refProtected: false, defaultBranch: 'main' }),
    ...checkRevocations(REFUSED, LIMIT),
  ].map(message => ({ message })),
})

const approved = record({
  ...APPLIED,
  approval: 'approved',
  scope: 'changed',
  users: 10_000,
  read: 3,
  // One of the three who were read.
  plan: planOf(
    MIXED_USERS,
    [
      { api: BILLING, permission: 'write:invoices', before: 0, after: 1 },
      { api: ORDERS, permission: 'read:orders', before: 1, after: 1 },
      { api: ORDERS, permission: 'refund:orders', before: 1, after: 0 },
      { api: ORDERS, permission: 'write:orders', before: 0, after: 1 },
    ],
    { users: 10_000 },
  ),
  outcomes: MIXED_USERS.map(done),
  traffic: { requests: 9, waited: 0, waitingFor: undefined, blind: false },
})

const CANCELLED_OUTCOMES = [...MIXED_USERS.slice(0, 1).map(done), ...MIXED_USERS.slice(1).map(notAttempted)]

const cancelled = record({
  ...APPLIED,
  cancelled: true,
  plan: planOf(MIXED_USERS, MIXED_HOLDERS),
  outcomes: CANCELLED_OUTCOMES,
  errors: [...unfinishedOf(CANCELLED_OUTCOMES, true)],
})

const EXPIRED_MANIFEST = {
  users: [{ email: 'grace@acme.com', permissions: { [BILLING]: [{ name: 'write:invoices', expires: '2026-10-31' }] } }],
}

const expired = record({
  ...APPLIED,
  plan: planOf(
    [
      {
        user: GRACE,
        grant: [],
        revoke: [permit('write:invoices', BILLING, { why: 'expired' })],
        before: [permit('read:invoices', BILLING), permit('write:invoices', BILLING)],
      },
    ],
    [{ api: BILLING, permission: 'write:invoices', before: 2, after: 1 }],
  ),
  outcomes: [{ user: GRACE, status: 'done', granted: [], revoked: [permit('write:invoices', BILLING)], errors: [] }],
  emails: [{ user: GRACE, email: 'grace@acme.com' }],
  notices: Array.from(
    readManifest(parseDocument(FILE, JSON.stringify(EXPIRED_MANIFEST)).documents, new Date(SOURCE.at)).expired,
    ({ message }) => ({ message: message(), place: { file: FILE, line: 24, column: 20 } }),
  ),
})

const ROLE_USERS: readonly UserPlan[] = [
  {
    user: ADA,
    grant: [assign('Support')],
    revoke: [
      permit('read:orders', ORDERS, { why: 'line removed' }),
      permit('refund:orders', ORDERS, { why: 'line removed' }),
    ],
    before: [permit('read:orders', ORDERS), permit('refund:orders', ORDERS)],
  },
  {
    user: GRACE,
    grant: [assign('Order Reader (rol_OrderReader)', { expires: '2027-01-31', reason: 'parental leave, HR-7' })],
    revoke: [assign('Auditor', { why: 'expired' })],
    before: [roleOf('Auditor')],
  },
  {
    user: LINUS,
    grant: [],
    revoke: [assign('Auditor', { why: 'user removed' }), permit('read:invoices', BILLING, { why: 'user removed' })],
    before: [roleOf('Auditor'), permit('read:invoices', BILLING)],
  },
]

const withRoles = record({
  ...APPLIED,
  plan: planOf(ROLE_USERS, [
    { ...roleOf('Auditor'), before: 3, after: 2 },
    { ...roleOf('Order Reader (rol_OrderReader)'), before: 5, after: 6 },
    { ...roleOf('Support'), before: 2, after: 3 },
    { ...bare('read:orders', ORDERS), before: 4, after: 3 },
    { ...bare('refund:orders', ORDERS), before: 2, after: 1 },
  ]),
  outcomes: ROLE_USERS.map(done),
  emails: [{ user: GRACE, email: 'grace@acme.com' }],
  removed: [LINUS],
  unmanaged: [
    { user: GRACE, ...roleOf('Support') },
    { user: MARGARET, ...roleOf('Order Administrator') },
  ],
  derived: [{ user: MARGARET, ...bare('read:orders', ORDERS), roles: ['Order Administrator'] }],
  traffic: { requests: 25, waited: 0, waitingFor: undefined, blind: false },
})

const UNIDENTIFIED = 'margaret@acme.com in connection acme-okta'

const heldBack = record({
  ...APPLIED,
  plan: {
    ...planOf(MIXED_USERS.slice(0, 2), MIXED_HOLDERS.slice(0, 3)),
    heldBack: [
      { user: GRACE, ...bare('write:invoices', BILLING), entry: UNIDENTIFIED },
      { user: MARGARET, ...bare('read:orders', ORDERS), entry: UNIDENTIFIED },
    ],
  },
  outcomes: MIXED_USERS.slice(0, 2).map(done),
  emails: [{ user: GRACE, email: 'grace@acme.com' }],
  removed: [GRACE, MARGARET],
  failures: [
    {
      user: UNIDENTIFIED,
      message: 'No user has the verified address margaret@acme.com in connection acme-okta.',
      place: { file: FILE, line: 18, column: 14 },
    },
  ],
})

/** Each of these would have an effect somewhere if it were shown unescaped. */
export const HOSTILE_NAMES = [
  'a|b||c',
  '`x` ``y`` ```z',
  '<img src=x onerror=alert(1)>',
  '<script>alert(1)</script></td></table></details>',
  '@acme/security @octocat',
  'fixes #123 GH-1 octo/repo#7',
  'deadbeef 4f1c0a92be7d5d3c8e6f0b1a2c3d4e5f60718293 1234567',
  'https://evil.example/?a=1&b=2 www.evil.example x@evil.example',
  '::error file=x::boo',
  '  ::add-mask::a',
  'x ##[stop-commands]y ##[error]z',
  'a\n\n# b\n\n- c\n> [!NOTE]\n\n<b>d</b>',
  'a\r\n::warning::b',
  'a\u202eb\u2066c\u061cd',
  'a\u200bb\u200dc\ufeffd\u00ade\ufe0ff\ufff9g',
  '\u001b[31mred\u001b[0m\u0007',
  '</code></td></tr></li>',
  '--> --!> <!-- <![CDATA[ <?php',
  '&lt;b&gt; &amp;amp; &#60; &copy;',
  '$math$ $$x^2$$ $`y`$',
  ':smile: :tada:',
  '*a* _b_ **c** ~~d~~ [e](http://y) ![f](http://y) [^1]',
  '\\<b\\> \\u{a}',
  '',
] as const

/** One text that contains all of them. */
const HOSTILE = HOSTILE_NAMES.join(' ')

/** Every text from outside in a record is this one, marked with its place. */
export function hostileRecord(text: (place: string) => string): RunRecord {
  const operation = (place: string): Operation => ({
    api: text(`${place} api`),
    permission: text(`${place} permission`),
    roles: [text(`${place} role`)],
    expires: text(`${place} expires`),
    reason: text(`${place} reason`),
  })
  const place = (name: string) => ({ file: text(`${name} file`), line: 1, column: 2 })
  const permission = (name: string) => ({ api: text(`${name} api`), permission: text(`${name} permission`) })
  const plan: Plan = {
    format: 2,
    tenant: text('tenant'),
    source: { ...SOURCE, commit: text('commit'), files: [text('file')] },
    users: [{ user: text('user'), grant: [operation('grant')], revoke: [operation('revoke')] }],
    heldBack: [{ user: text('held-back user'), ...permission('held-back'), entry: text('held-back entry') }],
    found: [{ user: text('found user'), ...permission('found') }],
    addresses: [{ user: text('user'), email: text('email'), connection: text('connection') }],
    holders: [{ ...permission('holders'), before: 1, after: 1 }],
  }
  return record({
    mode: 'apply',
    apis: ['grant', 'revoke'].map(each => ({
      identifier: text(`${each} api`),
      alias: text(`${each} alias`),
      tokenLifetime: 60,
    })),
    tenant: text('tenant'),
    files: [text('file')],
    digest: text('digest'),
    commit: text('commit'),
    ledger: {
      branch: text('ledger branch'),
      commit: text('ledger commit'),
      run: text('ledger run'),
      at: text('ledger time'),
      head: text('ledger head'),
    },
    errors: [{ message: text('error'), place: place('error') }],
    warnings: [{ message: text('warning'), place: place('warning') }],
    notices: [{ message: text('notice'), place: place('notice') }],
    failures: [
      {
        message: text('failure'),
        user: text('failed user'),
        email: text('failed email'),
        place: place('failure'),
      },
    ],
    emails: [
      { user: text('user'), email: text('email') },
      { user: text('held-back user'), email: text('held-back email') },
      { user: text('unmanaged user'), email: text('unmanaged email') },
      { user: text('derived user'), email: text('derived email') },
    ],
    plan,
    unmanaged: [{ user: text('unmanaged user'), ...permission('unmanaged') }],
    derived: [{ user: text('derived user'), ...permission('derived'), roles: [text('derived role')] }],
    advice: [text('advice')],
    planFile: text('plan file'),
    undoPlanFile: text('undo plan file'),
    undoDigest: text('undo digest'),
  })
}

export const RUNS: Readonly<Record<string, RunRecord>> = {
  empty,
  'first grants': firstGrants,
  mixed,
  large,
  failures,
  'missing user': missing,
  'refused guard': refused,
  approved,
  cancelled,
  expired,
  'held back': heldBack,
  'off-boarding': offBoarding,
  roles: withRoles,
  hostile: hostileRecord(place => `${HOSTILE} ${place}`),
}
