// Contender: Auth0's own SDK with its default retries, eight users at a time. Prints how many could not be read.

import { ManagementClient } from 'auth0'
import pMap from 'p-map'
import { userIds } from './team.ts'

const { TENANT = '', TOKEN = '' } = process.env

const client = new ManagementClient({
  domain: new URL(TENANT).host,
  token: TOKEN,
  // The SDK speaks HTTPS alone, the embedded tenant does not.
  fetch: (url, init) => fetch(String(url).replace('https:', 'http:'), init),
})

let failed = 0
await pMap(
  userIds(Number(process.argv[2])),
  async user => {
    try {
      const page = await client.users.permissions.list(user, { per_page: 100, include_totals: true })
      if (page.data.length === 0) throw new Error(`${user} has no permissions`)
    } catch {
      failed++
    }
  },
  { concurrency: 8 },
)
console.log(failed)
