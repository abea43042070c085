// What the HTTP client alone costs: as many requests as a plan sends, through the same pool, with nothing made of the
// answers.

import pMap from 'p-map'
import { MOST_IN_FLIGHT } from '../../src/tenant/pace.ts'
import { Agent } from '../../src/tenant/undici.ts'
import { userIds } from './team.ts'

const { TENANT = '', TOKEN = '' } = process.env

const pool = new Agent({ connections: MOST_IN_FLIGHT, allowH2: false })
const headers = { accept: 'application/json', authorization: `Bearer ${TOKEN}` }

await pMap(
  userIds(Number(process.argv[2])),
  async user => {
    const path = `/api/v2/users/${encodeURIComponent(user)}/permissions?page=0&per_page=100&include_totals=true`
    const { statusCode, body } = await pool.request({ origin: TENANT, path, method: 'GET', headers })
    await body.text()
    if (statusCode !== 200) throw new Error(`${user}: ${statusCode}`)
  },
  { concurrency: MOST_IN_FLIGHT },
)
await pool.destroy()
