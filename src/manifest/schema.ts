// The manifest's form, defined once in Zod for two uses: form.ts walks it to find every mistake, and the published JSON
// Schema is generated from it. Zod does not parse or type a manifest: read.ts does, because it must read what it can of a
// manifest with mistakes. Pure.

import * as z from 'zod'
import { EXAMPLE_ADDRESS, EXAMPLE_ID, isAddress, isUserId } from '../access/identities.ts'

/** Auth0's limit for the name of a permission. */
const MAX_NAME = 280
/** For user ids, API identifiers and addresses; longer than any of Auth0's. */
export const MAX_ID = 1000
const MAX_REASON = 1000

/**
 * No control characters, and no spaces at either end; empty text has its own message. Written for the regular expressions
 * of other languages, too, because it is in the published schema.
 */
const CONTROL = String.raw`\x00-\x1f\x7f-\x9f`
const CLEAN = new RegExp(`^([^\\s${CONTROL}]([^${CONTROL}]*[^\\s${CONTROL}])?)?$`)

interface Rule {
  readonly holds: (text: string) => boolean
  readonly message: string
}

const rules = new WeakMap<z.ZodType, readonly Rule[]>()

/** The first rule that a text breaks. Zod would find the same, but creates an error object each time. */
export function brokenRule(schema: z.ZodType, value: string): Rule | undefined {
  return rules.get(schema)?.find(({ holds }) => !holds(value))
}

/**
 * @param kind the message for a value that is not text
 * @param keywords of JSON Schema that come closest to the rules
 */
function text(kind: string, ruled: readonly Rule[], keywords: object) {
  const text = ruled.reduce(
    (schema, { holds, message }) => schema.refine(holds, { error: message, abort: true }),
    z.string(kind),
  )
  const schema = text.meta({ ...keywords })
  rules.set(schema, ruled)
  return schema
}

function atMost(longest: number, what: string): Rule {
  return { holds: text => text.length <= longest, message: `${what} must have at most ${longest} characters` }
}

interface Form extends Rule {
  readonly what: string
  readonly maxLength: number
  /** For editors; text that matches may still break the rule. */
  readonly pattern: string
}

function formed({ what, maxLength, holds, message, pattern }: Form, keywords: object) {
  const notEmpty = { holds: (text: string) => text !== '', message: `${what} must not be empty` }
  const patternErrorMessage = message
  const all = { ...keywords, minLength: 1, maxLength, pattern, patternErrorMessage }
  return text(`${what} must be text`, [notEmpty, atMost(maxLength, what), { holds, message }], all)
}

function name(what: string, maxLength: number, description: string, ...examples: readonly string[]) {
  const holds = (text: string) => CLEAN.test(text) && text.isWellFormed()
  const message = `${what} must not begin or end with a space or contain control characters`
  return formed({ what, maxLength, holds, message, pattern: CLEAN.source }, { description, examples })
}

const userId = formed(
  {
    what: 'id',
    maxLength: MAX_ID,
    holds: isUserId,
    message: `id must have the form connection|identifier, such as ${EXAMPLE_ID}`,
    pattern: String.raw`^[A-Za-z0-9_.-]+\|.*[^\s|]$`,
  },
  { description: 'The Auth0 user id. Give this or `email`.', examples: [EXAMPLE_ID] },
)

const address = formed(
  {
    what: 'email',
    maxLength: MAX_ID,
    holds: isAddress,
    message: `email must be one plain address, such as ${EXAMPLE_ADDRESS}`,
    pattern: String.raw`^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+$`,
  },
  {
    description: 'An address with exactly one user whose address is verified. Give this or `id`.',
    examples: [EXAMPLE_ADDRESS],
  },
)

export const expiry = text(
  'expires must be a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z',
  [],
  {
    description: 'When this expires: a date, valid through the end of that day in UTC, or an instant with a zone.',
    examples: ['2026-12-31', '2026-12-31T18:00:00Z', '2026-12-31T18:00:00+01:00'],
  },
)

const terms = {
  expires: expiry.optional(),
  reason: text('reason must be text', [atMost(MAX_REASON, 'reason')], {
    maxLength: MAX_REASON,
    description: 'A note that is shown in plans and reports.',
    examples: ['quarter close, FIN-118'],
  }).optional(),
}

const permissionName = name('a permission name', MAX_NAME, "The name of one of the API's permissions.", 'read:orders')

export const permissionItem = z.strictObject(
  { name: permissionName, ...terms },
  'a permission must be a name, or a mapping with name, expires and reason',
)

const permissionList = z
  .array(
    z.union(
      [permissionName, permissionItem],
      'a permission must be a name, or a mapping with name, expires and reason',
    ),
    'an API must have a list of permission names here, such as [read:orders]',
  )
  .meta({
    description: 'Permissions of this API: names, or mappings with `name`, `expires` and `reason`.',
  })

const apiKey = name('the name of an API', MAX_ID, 'An alias that `apis` defines, or the identifier of an API.')

const permissions = z
  .record(apiKey, permissionList, 'permissions must name APIs, each with a list, such as orders: [read:orders]')
  .meta({
    description: 'Permissions by API. The key is an alias from `apis`, or an identifier (with a `:` or `/` in it).',
  })

const identifier = name(
  'an API identifier',
  MAX_ID,
  'The identifier of an API (Auth0: resource server), also called audience.',
  'https://orders.acme.com/',
)

export const apiDefinition = z.strictObject(
  {
    identifier,
    permissions: z
      .array(permissionName, 'permissions of an API must be a list of names, such as [read:orders]')
      .meta({
        description: 'A catalogue of the permissions that the API has, so that `validate` can check names offline.',
      })
      .optional(),
  },
  'an API must be an identifier, or a mapping with identifier and permissions',
)

const api = z
  .union([identifier, apiDefinition], 'an API must be an identifier, or a mapping with identifier and permissions')
  .meta({ description: 'The API that this alias stands for.' })

const bundleName = name('the name of a bundle', MAX_NAME, 'A name from `bundles`.', 'support')

const bundleItem = z.strictObject(
  { name: bundleName, ...terms },
  'a bundle must be a name, or a mapping with name, expires and reason',
)

export const roleName = name(
  'the name of a role',
  MAX_NAME,
  "The name of one of the tenant's roles, or its id.",
  'Support',
)

export const roleItem = z.strictObject(
  { name: roleName, ...terms },
  'a role must be a name or an id, or a mapping with name, expires and reason',
)

const rolesKind = 'roles must be a list of names, such as [Support]'

export const userEntry = z
  .strictObject(
    {
      id: userId.optional(),
      email: address.optional(),
      connection: name(
        'connection',
        MAX_NAME,
        'Narrows the look-up by `email` to one connection.',
        'Username-Password-Authentication',
      ).optional(),
      roles: z
        .array(
          z.union([roleName, roleItem], 'a role must be a name or an id, or a mapping with name, expires and reason'),
          rolesKind,
        )
        .meta({
          description:
            'Roles of this user, by name or by id (`rol_…`), or mappings with `name`, `expires` and `reason`.',
        })
        .optional(),
      bundles: z
        .array(
          z.union([bundleName, bundleItem], 'a bundle must be a name, or a mapping with name, expires and reason'),
          'bundles must be a list of names, such as [support]',
        )
        .meta({ description: 'Bundles whose permissions this user has.' })
        .optional(),
      permissions: permissions.optional(),
      ...terms,
    },
    'a user must be a mapping with id or email',
  )
  .meta({
    description: 'A user, and the permissions and roles that are assigned to the user directly.',
    oneOf: [{ required: ['id'] }, { required: ['email'] }],
  })

export const manifestSchema = z
  .strictObject(
    {
      version: z.literal(1, 'version must be 1').meta({ description: "The manifest's format." }).optional(),
      tenant: name(
        'tenant',
        MAX_ID,
        'The tenant that this manifest is for; a run against another `domain` is refused.',
        'acme.eu.auth0.com',
      ).optional(),
      apis: z
        .record(
          name('an API alias', MAX_NAME, 'A short name for an API.'),
          api,
          'apis must map aliases to APIs, such as orders: https://orders.acme.com/',
        )
        .meta({
          description: 'Short names for APIs. An API listed here counts as named by the manifest.',
        })
        .optional(),
      roles: z
        .array(roleName, rolesKind)
        .meta({
          description:
            "A catalogue of the tenant's roles, so that `validate` can check names offline. A role listed here counts as named by the manifest.",
        })
        .optional(),
      bundles: z
        .record(
          name('the name of a bundle', MAX_NAME, 'A name for a set of permissions.'),
          permissions,
          'bundles must map names to permissions',
        )
        .meta({ description: 'Named sets of permissions.' })
        .optional(),
      users: z
        .array(userEntry, 'users must be a list; if nobody is listed, write users: []')
        .meta({ description: 'The users whose direct permissions and roles are managed here.' }),
    },
    'a manifest must be a mapping with users',
  )
  .meta({
    title: 'Auth0 user permissions',
    description: 'Which API permissions and roles are assigned to which Auth0 users directly.',
    patternProperties: { '^x-': {} },
  })

/** Every known key. */
export const KEYS: ReadonlySet<string> = new Set(
  [manifestSchema, apiDefinition, userEntry, permissionItem].flatMap(({ shape }) => Object.keys(shape)),
)

/** The same definition for editors. Generated on demand, because the action itself does not use it. */
export function manifestJsonSchema(): object {
  return z.toJSONSchema(manifestSchema, { target: 'draft-7', io: 'input' })
}
