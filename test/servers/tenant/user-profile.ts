// A user as the Management API returns one, in the key order of the recording, and the selection of fields.
import { createHash } from 'node:crypto'
import { queryError, readFlag, readText } from './query.ts'
import { providerOf, type User } from './store.ts'

export type Profile = Readonly<Record<string, unknown>>

// The pattern of `fields` in the description of GET /users-by-email.
const FIELDS = [
  ...['phone_number', 'email', 'email_verified', 'picture', 'username', 'user_id', 'name', 'nickname', 'created_at'],
  ...['identities', 'app_metadata', 'user_metadata', 'last_ip', 'last_login', 'logins_count', 'updated_at', 'blocked'],
  ...['family_name', 'given_name'],
]
const SOCIAL = ['google-oauth2', 'github', 'facebook', 'twitter', 'linkedin', 'apple', 'windowslive']

/** The part of a user's profile that the query's `fields` and `include_fields` select. */
export function readFields(query: URLSearchParams): (profile: Profile) => Profile {
  const included = readFlag(query, 'include_fields') ?? true
  const text = readText(query, 'fields')
  if (text === undefined) return profile => profile
  const fields = text.split(',')
  if (!fields.every(field => FIELDS.includes(field))) {
    throw queryError(
      `String '${text}' does not match pattern. Must be a comma separated list of the following values: ${FIELDS}`,
      'fields',
    )
  }
  return profile => Object.fromEntries(Object.entries(profile).filter(([key]) => fields.includes(key) === included))
}

export function profileOf(user: User): Profile {
  const provider = providerOf(user.id)
  const name = user.email ?? user.id
  const identity = {
    user_id: user.id.slice(provider.length + 1),
    connection: user.connection,
    provider,
    isSocial: SOCIAL.includes(provider),
  }
  return {
    created_at: user.createdAt,
    // Unset fields are omitted.
    ...(user.email !== undefined && { email: user.email, email_verified: user.emailVerified }),
    identities: [identity],
    name,
    nickname: name.split('@', 1)[0],
    picture: pictureOf(name),
    updated_at: user.createdAt,
    user_id: user.id,
    ...(user.username !== undefined && { username: user.username }),
  }
}

function pictureOf(name: string): string {
  const fallback = encodeURIComponent(`https://cdn.auth0.com/avatars/${name.slice(0, 2).toLowerCase()}.png`)
  return `https://s.gravatar.com/avatar/${createHash('md5').update(name).digest('hex')}?s=480&r=pg&d=${fallback}`
}
