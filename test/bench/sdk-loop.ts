// For comparison: Auth0's SDK with its default retries reads the permissions (or the roles, if that is the second
// argument) of eight users at a time. Prints how many users could not be read.

import { ManagementClient } from 'auth0'
import pMap from 'p-map'
import { userIds } from './team.ts'

const { TENANT = '', TOKEN = '' } = process.env

const client = new ManagementClient({
  domain: new URL(TENANT).host,
  token: TOKEN,
  // The SDK only supports HTTPS, which the embedded tenant does not.
  fetch: (url, init) => fetch(String(url).replace('https:', 'http:'), init),
})

const PAGE = { per_page: 100, include_totals: true }
const isAboutRoles = process.argv[3] === 'roles'

async function list(user: string): Promise<readonly unknown[]> {
  const { data } = isAboutRoles
    ? await client.users.roles.list(user, PAGE)
    : await client.users.permissions.list(user, PAGE)
  return data
}

let failed = 0
await pMap(
  userIds(Number(process.argv[2])),
  async user => {
    try {
      if ((await list(user)).length === 0) throw new Error(`${user} has nothing`)
    } catch {
      failed++
    }
  },
  { concurrency: 8 },
)
console.log(failed)
