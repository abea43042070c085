// The manifest's form: validation, types and the published JSON Schema all come from this definition. Pure.

import * as z from 'zod'

/** Auth0's own limit for the name of a permission. */
const LONGEST_NAME = 280
/** For user ids, API identifiers and addresses; longer than any that Auth0 gives out. */
const LONGEST_ID = 1000
const LONGEST_REASON = 1000

/** No control characters, no half characters, no blanks at either end; what is empty has a message of its own. */
const CLEAN = /^([^\s\p{Cc}\p{Cs}]([^\p{Cc}\p{Cs}]*[^\s\p{Cc}\p{Cs}])?)?$/u

function text(what: string, longest: number, description: string, ...examples: readonly string[]) {
  const unclean = `${what} must not begin or end with a blank, nor hold control characters`
  return z
    .string(`${what} must be text; put it in quotes`)
    .min(1, `${what} must not be empty`)
    .max(longest, `${what} must have at most ${longest} characters`)
    .regex(CLEAN, unclean)
    .meta({ description, examples: [...examples], patternErrorMessage: unclean })
}

const terms = {
  expires: z
    .string('expires must be a date such as 2026-12-31, or an instant with a zone such as 2026-12-31T18:00:00Z')
    .meta({
      description:
        'Until when this is desired: a date, good through the end of that day in UTC, or an instant with a zone.',
      examples: ['2026-12-31', '2026-12-31T18:00:00Z', '2026-12-31T18:00:00+01:00'],
    })
    .optional(),
  reason: z
    .string('reason must be text; put it in quotes')
    .max(LONGEST_REASON, `reason must have at most ${LONGEST_REASON} characters`)
    .meta({
      description: 'A note that plan and report show.',
      examples: ['quarter close, FIN-118'],
    })
    .optional(),
}

const permissionName = text(
  'a permission name',
  LONGEST_NAME,
  "The name of one of the API's permissions.",
  'read:orders',
)

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

const apiKey = text('the name of an API', LONGEST_ID, 'An alias that `apis` defines, or the identifier of an API.')

const permissions = z
  .record(apiKey, permissionList, 'permissions must name APIs, each with a list, such as orders: [read:orders]')
  .meta({
    description: 'Permissions by API. The key is an alias out of `apis`, or an identifier (with a `:` or `/` in it).',
  })

const identifier = text(
  'an API identifier',
  LONGEST_ID,
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

const bundleName = text('the name of a bundle', LONGEST_NAME, 'A name out of `bundles`.', 'support')

export const bundleItem = z.strictObject(
  { name: bundleName, ...terms },
  'a bundle must be a name, or a mapping with name, expires and reason',
)

export const userEntry = z
  .strictObject(
    {
      id: text(
        'id',
        LONGEST_ID,
        'The Auth0 user id. Give this or `email`.',
        'auth0|5f7c8ec7c33c6c004bbafe82',
      ).optional(),
      email: text(
        'email',
        LONGEST_ID,
        'An address with exactly one user whose address is verified. Give this or `id`.',
        'grace@acme.com',
      ).optional(),
      connection: text(
        'connection',
        LONGEST_NAME,
        'Narrows the look-up by `email` to one connection.',
        'Username-Password-Authentication',
      ).optional(),
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
    description: 'A user, and the permissions that the user holds directly.',
    oneOf: [{ required: ['id'] }, { required: ['email'] }],
  })

export const manifestSchema = z
  .strictObject(
    {
      version: z.literal(1, 'version must be 1').meta({ description: "The manifest's format." }).optional(),
      tenant: text(
        'tenant',
        LONGEST_ID,
        'The tenant that this manifest is for; a run against another `domain` is refused.',
        'acme.eu.auth0.com',
      ).optional(),
      apis: z
        .record(
          text('an API alias', LONGEST_NAME, 'A short name for an API.'),
          api,
          'apis must give aliases their APIs, such as orders: https://orders.acme.com/',
        )
        .meta({
          description: 'Short names for APIs. An API listed here counts as named by the manifest.',
        })
        .optional(),
      bundles: z
        .record(
          text('the name of a bundle', LONGEST_NAME, 'A name for a set of permissions.'),
          permissions,
          'bundles must give names their permissions',
        )
        .meta({ description: 'Named sets of permissions.' })
        .optional(),
      users: z
        .array(userEntry, 'users must be a list of users; where nobody is listed, write users: []')
        .meta({ description: 'The users whose direct permissions are managed here.' }),
    },
    'a manifest must be a mapping with users',
  )
  .meta({
    title: 'Auth0 user permissions',
    description: 'Which Auth0 users hold which API permissions directly.',
  })

/** The same definition for editors. It is made on demand, as the action itself has no use for it. */
export function manifestJsonSchema(): object {
  return z.toJSONSchema(manifestSchema, { target: 'draft-7', io: 'input' })
}
