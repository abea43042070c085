// Prints the manifest's JSON Schema for editors; `npm run build` puts it into dist/. No part of the action.

import { manifestJsonSchema } from './schema.ts'

process.stdout.write(`${JSON.stringify(manifestJsonSchema(), undefined, 2)}\n`)
