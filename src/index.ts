// The bundle's entry. It listens for a cancellation before all the rest is loaded, so that a run which is cancelled that
// early tells about it too.

import { cancelOnSignal } from './runner/cancel.ts'

// A log that cannot be written must not keep the rest from being written.
process.stdout.on('error', () => undefined)
const cancelled = cancelOnSignal()
void import('./run.ts').then(({ run }) => run(cancelled))
