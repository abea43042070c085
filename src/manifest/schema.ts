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

/** The first rule that a text breaks. These are not Zod checks, which would create an error object each time. */
export function brokenRule(schema: z.ZodString, value: string): Rule | undefined {
  return rules.get(schema)?.find(({ holds }) => !holds(value))
}

/** The schema's own keywords come as close to the rules as JSON Schema allows. */
function withRules(schema: z.ZodString, ruled: readonly Rule[]): z.ZodString {
  rules.set(schema, ruled)
  return schema
}

function atMost(longest: number, what: string): Rule {
  return { holds: text => text.length <= longest, message: `${what} must have at most ${longest} characters` }
}

interface Form extends Rule {
  readonly what: string
  readonly maxLength?: number
  readonly description: string
  readonly examples?: readonly string[]
  /** For editors; text that matches may still break the rule. */
  readonly pattern: string
}

function formed({ what, maxLength = MAX_ID, holds, message, pattern, description, examples = [] }: Form) {
  const notEmpty = { holds: (text: string) => text !== '', message: `${what} must not be empty` }
  const all = { description, examples, minLength: 1, maxLength, pattern, patternErrorMessage: message }
  return withRules(z.string(`${what} must be text`).meta(all), [notEmpty, atMost(maxLength, what), { holds, message }])
}

function name(form: Omit<Form, keyof Rule | 'pattern'>) {
  const holds = (text: string) => CLEAN.test(text) && text.isWellFormed()
  const message = `${form.what} must not begin or end with a space or contain control characters`
  return formed({ ...form, holds, message, pattern: CLEAN.source })
}

export const userId = formed({
  what: 'id',
  holds: isUserId,
  message: `id must have the form connection|identifier, such as ${EXAMPLE_ID}`,
  pattern: String.raw`^[A-Za-z0-9_.-]+\|.*[^\s|]$`,
  description: 'The Auth0 user id. Specify either this or `email`.',
  examples: [EXAMPLE_ID],
})

const address = formed({
  what: 'email',
  holds: isAddress,
  message: `email must be one plain address, such as ${EXAMPLE_ADDRESS}`,
  pattern: String.raw`^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+$`,
  description: 'An address that is verified for exactly one user. Specify either this or `id`.',
  examples: [EXAMPLE_ADDRESS],
})

export const expiry = z
  .string('expires must be a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z')
  .meta({
    description: 'When this expires: a date, valid through the end of that day in UTC, or an instant with a zone.',
    examples: ['2026-12-31', '2026-12-31T18:00:00Z', '2026-12-31T18:00:00+01:00'],
  })

const terms = {
  expires: expiry.optional(),
  reason: withRules(
    z.string('reason must be text').meta({
      maxLength: MAX_REASON,
      description: 'A note that is shown in plans and reports.',
      examples: ['quarter close, FIN-118'],
    }),
    [atMost(MAX_REASON, 'reason')],
  ).optional(),
}

/** A name, or a mapping with the name and its terms. */
function withTerms(name: z.ZodString, kind: string) {
  const message = `${kind}, or a mapping with name, expires and reason`
  return z.union([name, z.strictObject({ name, ...terms }, message)], message)
}

export const permissionName = name({
  what: 'a permission name',
  maxLength: MAX_NAME,
  description: "The name of one of the API's permissions.",
  examples: ['read:orders'],
})

const permissionList = z
  .array(
    withTerms(permissionName, 'a permission must be a name'),
    'an API must have a list of permission names here, such as [read:orders]',
  )
  .describe('Permissions of this API: names, or mappings with `name`, `expires` and `reason`.')

const permissions = z
  .record(
    name({ what: 'the name of an API', description: 'An alias that `apis` defines, or the identifier of an API.' }),
    permissionList,
    'permissions must name APIs, each with a list, such as orders: [read:orders]',
  )
  .describe('Permissions by API. The key is an alias from `apis`, or an identifier (with a `:` or `/` in it).')

export const identifier = name({
  what: 'an API identifier',
  description: 'The identifier of an API (Auth0: resource server), also called audience.',
  examples: ['https://orders.acme.com/'],
})

const apiKind = 'an API must be an identifier, or a mapping with identifier and permissions'

const apiDefinition = z.strictObject(
  {
    identifier,
    permissions: z
      .array(permissionName, 'permissions of an API must be a list of names, such as [read:orders]')
      .describe('A catalogue of the permissions that the API has, so that `validate` can check names offline.')
      .optional(),
  },
  apiKind,
)

export const roleName = name({
  what: 'the name of a role',
  maxLength: MAX_NAME,
  description: "The name of one of the tenant's roles, or its id.",
  examples: ['Support'],
})

const rolesKind = 'roles must be a list of names, such as [Support]'

export const userEntry = z
  .strictObject(
    {
      id: userId.optional(),
      email: address.optional(),
      connection: name({
        what: 'connection',
        maxLength: MAX_NAME,
        description: 'Narrows the look-up by `email` to one connection.',
        examples: ['Username-Password-Authentication'],
      }).optional(),
      roles: z
        .array(withTerms(roleName, 'a role must be a name or an id'), rolesKind)
        .describe('Roles of this user, by name or by id (`rol_…`), or mappings with `name`, `expires` and `reason`.')
        .optional(),
      bundles: z
        .array(
          withTerms(
            name({
              what: 'the name of a bundle',
              maxLength: MAX_NAME,
              description: 'A name from `bundles`.',
              examples: ['support'],
            }),
            'a bundle must be a name',
          ),
          'bundles must be a list of names, such as [support]',
        )
        .describe('Bundles whose permissions this user has.')
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
      version: z.literal(1, 'version must be 1').describe("The manifest's format.").optional(),
      tenant: name({
        what: 'tenant',
        description: 'The tenant that this manifest is for; a run against another `domain` is refused.',
        examples: ['acme.eu.auth0.com'],
      }).optional(),
      apis: z
        .record(
          name({ what: 'an API alias', maxLength: MAX_NAME, description: 'A short name for an API.' }),
          z.union([identifier, apiDefinition], apiKind).describe('The API that this alias stands for.'),
          'apis must map aliases to APIs, such as orders: https://orders.acme.com/',
        )
        .describe('Short names for APIs. An API listed here counts as named by the manifest.')
        .optional(),
      roles: z
        .array(roleName, rolesKind)
        .describe(
          "A catalogue of the tenant's roles, so that `validate` can check names offline. A role listed here counts as named by the manifest.",
        )
        .optional(),
      bundles: z
        .record(
          name({ what: 'the name of a bundle', maxLength: MAX_NAME, description: 'A name for a set of permissions.' }),
          permissions,
          'bundles must map names to permissions',
        )
        .describe('Named sets of permissions.')
        .optional(),
      users: z
        .array(userEntry, 'users must be a list; if nobody is listed, write users: []')
        .describe('The users whose direct permissions and roles are managed here.'),
    },
    'a manifest must be a mapping with users',
  )
  .meta({
    title: 'Auth0 user permissions',
    description: 'Which API permissions and roles are assigned to which Auth0 users directly.',
    patternProperties: { '^x-': {} },
  })

/** Every known key. */
export const KEYS: ReadonlySet<string> = new Set([
  'name',
  ...[manifestSchema, apiDefinition, userEntry].flatMap(({ shape }) => Object.keys(shape)),
])

/** The same definition for editors. Generated on demand, because the action itself does not use it. */
export function manifestJsonSchema(): object {
  return z.toJSONSchema(manifestSchema, { target: 'draft-7', io: 'input' })
}
