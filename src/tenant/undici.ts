// The part of undici that is in use. Its index would load mocks, caches and web sockets too.

import { setFlagsFromString } from 'node:v8'
import Pool from 'undici/lib/dispatcher/pool.js'

/**
 * undici reads answers by WebAssembly, which V8 optimises after a few of them in a thread that the process waits for at
 * its end, longer than a small run took for all its requests. With this it does so after some hundred.
 */
const WASM_OPTIMISED_LATER = '--wasm-tiering-budget=1000000000'

setFlagsFromString(WASM_OPTIMISED_LATER)

export { Pool }
