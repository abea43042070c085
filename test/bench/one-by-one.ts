// For comparison: a plain loop that sends one request after the other and waits for the reset after a refusal. Prints how
// many users could not be read.

import { setTimeout as sleep } from 'node:timers/promises'
import { userIds } from './team.ts'

const { TENANT = '', TOKEN = '' } = process.env

let failed = 0
for (const user of userIds(Number(process.argv[2]))) {
  let response = await read(user)
  while (response.status === 429) {
    await sleep(Math.max(0, Number(response.headers.get('x-ratelimit-reset')) * 1000 - Date.now()))
    response = await read(user)
  }
  if (!response.ok) failed++
}
console.log(failed)

async function read(user: string): Promise<Response> {
  const url = `${TENANT}/api/v2/users/${encodeURIComponent(user)}/permissions?per_page=100&include_totals=true`
  const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })
  await response.text()
  return response
}
