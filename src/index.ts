// The bundle's entry.

import { run } from './run.ts'

await run()
