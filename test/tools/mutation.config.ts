// The tests that run against mutants: only those of the pure core.

import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'test/{access,manifest,plan,report}/*.test.ts',
      ...['test/ledger/{file,ledger}.test.ts', 'test/live/identify.test.ts', 'test/tenant/pace.test.ts'],
    ],
    // Two runners and their mutants share the machine.
    testTimeout: 30_000,
    exclude: ['test/manifest/schema.test.ts', 'test/manifest/hostile.test.ts', 'test/report/hostile.test.ts'],
  },
})
