// The bundle's entry. It listens for a cancellation before everything else is loaded, so that even a run cancelled that
// early is reported.

import { cancelOnSignal } from './runner/cancel.ts'

// A log that cannot be written must not keep the rest from being written.
process.stdout.on('error', () => undefined)
const cancelled = cancelOnSignal()
void import('./run.ts').then(({ run }) => run(cancelled))
