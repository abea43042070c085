import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // Packages without the sources that their source maps name are no news.
  logLevel: 'error',
  test: {
    root: fileURLToPath(new URL('../..', import.meta.url)),
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/tools/offline.ts'],
    testTimeout: 30_000,
    // Without it, Node would load these packages apart from the rest of the tests.
    server: { deps: { inline: [/@actions\//] } },
    coverage: {
      include: ['src/**/*.ts'],
      exclude: ['**/*.d.ts'],
      // The end-to-end tests run the action in processes of its own.
      autoAttachSubprocess: true,
      reporter: 'text',
      reportsDirectory: 'build/coverage',
      reportOnFailure: true,
      thresholds: { 100: true },
    },
  },
})
