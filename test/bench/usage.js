// Imported ahead of a measured program (`node --import`): at its end, writes what it took to the file $USAGE_FILE. No
// TypeScript, whose loading would be measured too.

import { readFileSync, writeFileSync } from 'node:fs'

process.on('exit', () => {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
  // Linux hands maxRSS down from the parent process, VmHWM not.
  const own = /^VmHWM:\s+(\d+) kB$/m.exec(process.platform === 'linux' ? readFileSync('/proc/self/status', 'utf8') : '')
  const usage = { cpu: (userCPUTime + systemCPUTime) / 1000, peak: Number(own?.[1] ?? maxRSS) / 1024 }
  writeFileSync(process.env.USAGE_FILE, JSON.stringify(usage))
})
