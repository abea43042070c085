// Reads the body of a write to a user's permissions or roles as strictly as Auth0 does.
import { answerError, Refusal } from './answer.ts'
import type { Grant } from './store.ts'

const ITEM_KEYS = ['resource_server_identifier', 'permission_name']

/** `verb` is from the API's description: permissions to `add to` or to `remove from` a user. */
export function readGrants(body: unknown, verb: 'add to' | 'remove from'): readonly Grant[] {
  const { permissions } = readObject(body, ['permissions'], '')
  const where = ` on property permissions (List of permissions to ${verb} this user)`
  if (!Array.isArray(permissions)) {
    throw payloadError(`'Expected type array but found type ${typeName(permissions)}'${where}`)
  }
  if (permissions.length === 0) throw payloadError(`'Array is too short (0), minimum 1'${where}`)
  return permissions.map((item: unknown, index) => {
    const path = `permissions[${index}]`
    const fields = readObject(item, ITEM_KEYS, path)
    return {
      api: readString(fields, 'resource_server_identifier', path),
      permission: readString(fields, 'permission_name', path),
    }
  })
}

/** Ids of roles. */
export function readRoles(body: unknown, verb: 'add to' | 'remove from'): readonly string[] {
  const { roles } = readObject(body, ['roles'], '')
  const where = ` on property roles (List of roles to ${verb} this user)`
  if (!Array.isArray(roles)) throw payloadError(`'Expected type array but found type ${typeName(roles)}'${where}`)
  if (roles.length === 0) throw payloadError(`'Array is too short (0), minimum 1'${where}`)
  return roles.map((role: unknown, index) => {
    if (role === '') throw payloadError(`'String is too short (0 chars), minimum 1' on property roles[${index}]`)
    if (typeof role === 'string') return role
    throw payloadError(`'Expected type string but found type ${typeName(role)}' on property roles[${index}]`)
  })
}

function readObject(value: unknown, keys: readonly string[], path: string): Readonly<Record<string, unknown>> {
  const where = path && ` on property ${path}`
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw payloadError(`'Expected type object but found type ${typeName(value)}'${where}`)
  }
  const missing = keys.find(key => !Object.hasOwn(value, key))
  if (missing) throw payloadError(`'Missing required property: ${missing}'${where}`)
  const extra = Object.keys(value).find(key => !keys.includes(key))
  if (extra !== undefined) throw payloadError(`'Additional properties not allowed: ${extra}'${where}`)
  return { ...value }
}

function readString(fields: Readonly<Record<string, unknown>>, key: string, path: string): string {
  const value = fields[key]
  if (typeof value !== 'string') {
    throw payloadError(`'Expected type string but found type ${typeName(value)}' on property ${path}.${key}`)
  }
  return value
}

function payloadError(problem: string): Refusal {
  return new Refusal(answerError(400, `Payload validation error: ${problem}.`, 'invalid_body'))
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
