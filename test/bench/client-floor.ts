// What the HTTP client alone costs: as many requests as a plan sends, through the same pool, with nothing made of the
// answers.

import pMap from 'p-map'
import type { Dispatcher } from 'undici/types/index.js'
import { MOST_IN_FLIGHT } from '../../src/tenant/pace.ts'
import { Pool } from '../../src/tenant/undici.ts'
import { userIds } from './team.ts'

const { TENANT = '', TOKEN = '' } = process.env

const pool = new Pool(TENANT, { connections: MOST_IN_FLIGHT, allowH2: false })
const headers = { accept: 'application/json', authorization: `Bearer ${TOKEN}` }

function read(user: string): Promise<void> {
  const path = `/api/v2/users/${encodeURIComponent(user)}/permissions?page=0&per_page=100&include_totals=true`
  return new Promise((resolve, reject) => {
    const handler: Dispatcher.DispatchHandler = {
      onRequestStart: () => undefined,
      onResponseData: () => undefined,
      onResponseStart: (controller, status) => {
        if (status !== 200) controller.abort(new Error(`${user}: ${status}`))
      },
      onResponseEnd: () => resolve(),
      onResponseError: (_, error) => reject(error),
    }
    pool.dispatch({ path, method: 'GET', headers }, handler)
  })
}

await pMap(userIds(Number(process.argv[2])), read, { concurrency: MOST_IN_FLIGHT })
await pool.destroy()
