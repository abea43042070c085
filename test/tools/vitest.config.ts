// Five projects. `core`, `github` and `runs` run in process and keep the machine busy; `action` runs the built action in
// separate processes, mostly waits for it, and so runs several files and tests at once; `timed` measures time, and so
// runs first and alone.

import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { EVERY_RUN_BUILT } from './soak.ts'

const TIMED = ['test/e2e/interruption.test.ts']
/** Whole runs in this process; in the soak, of the built action in separate processes. */
const RUNS = ['test/runs/*.test.ts']
/** Tests that import GitHub's client, which reads its variables on import, and so must not be shared by files. */
const GITHUB = ['test/{github,fuzz}/*.test.ts']
/** The tests that start processes. */
const ACTION = ['test/e2e/**/*.test.ts', 'test/demo/*.test.ts', 'test/house.test.ts']

/** Coverage loads modules natively, so it can neither reload them for each run nor load what Node rejects. */
const IS_COVERAGE = process.argv.includes('--coverage')
const EVERY_RUN_APART = EVERY_RUN_BUILT || IS_COVERAGE
/** GitHub's language service imports JSON without an import attribute. */
const NOT_NATIVE = IS_COVERAGE ? ['test/workflows.test.ts'] : []

export default defineConfig({
  // Packages whose source maps name missing sources are not worth a warning.
  logLevel: 'error',
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    setupFiles: ['test/tools/offline.ts'],
    testTimeout: 30_000,
    // Without it, Node would load these packages separately from the tests.
    server: { deps: { inline: [/@actions\//] } },
    projects: [
      {
        extends: true,
        test: {
          name: 'timed',
          include: TIMED,
          testTimeout: 60_000,
          maxWorkers: 1,
          maxConcurrency: 2,
          sequence: { groupOrder: 1, concurrent: true },
        },
      },
      {
        extends: true,
        test: {
          name: 'core',
          include: ['test/**/*.test.ts'],
          exclude: [...ACTION, ...RUNS, ...GITHUB, ...NOT_NATIVE, '**/node_modules/**'],
          // Reloading the same modules for every file would take a third of the time.
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'github',
          include: GITHUB,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'runs',
          include: RUNS,
          setupFiles: ['test/tools/offline.ts', ...(EVERY_RUN_APART ? [] : ['test/runs/in-process.ts'])],
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: 'action',
          include: ACTION,
          exclude: [...TIMED, '**/node_modules/**'],
          // Many processes share the machine; tests that measure time are in `timed`.
          testTimeout: 180_000,
          maxWorkers: 3,
          // More of them would only compete for the two cores and run into time-outs.
          maxConcurrency: 4,
          sequence: { groupOrder: 3, concurrent: true },
        },
      },
    ],
    coverage: {
      include: ['src/**/*.ts'],
      exclude: ['**/*.d.ts'],
      // The end-to-end tests run the action in separate processes.
      autoAttachSubprocess: true,
      reporter: 'text',
      reportsDirectory: 'build/coverage',
      reportOnFailure: true,
      thresholds: { 100: true },
    },
  },
})
