// The cost of the HTTP client alone: as many requests as a plan sends, over as many connections, with the responses
// ignored.

import pMap from 'p-map'
import { Agent } from 'undici'
import { MAX_IN_FLIGHT } from '../../src/tenant/pace.ts'
import { userIds } from './team.ts'

const { TENANT = '', TOKEN = '' } = process.env

const agent = new Agent({ connections: MAX_IN_FLIGHT, allowH2: false })
const headers = { accept: 'application/json', authorization: `Bearer ${TOKEN}` }

async function read(user: string): Promise<void> {
  const path = `/api/v2/users/${encodeURIComponent(user)}/permissions?page=0&per_page=100&include_totals=true`
  const { statusCode, body } = await agent.request({ origin: TENANT, path, method: 'GET', headers })
  await body.dump()
  if (statusCode !== 200) throw new Error(`${user}: ${statusCode}`)
}

await pMap(userIds(Number(process.argv[2])), read, { concurrency: MAX_IN_FLIGHT })
await agent.destroy()
