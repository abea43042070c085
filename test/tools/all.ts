// The one test command: lint, types, a fresh dist/, tests and demo, each whatever the others said. The last line counts
// every test, and each of the other checks as one.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const CHECKS = ['lint', 'types', 'check:dist', 'demo']

interface Counts {
  readonly passed: number
  readonly failed: number
}

const scratch = mkdtempSync(join(tmpdir(), 'tests-'))
const results = [...CHECKS.map(runCheck), runTests()]
rmSync(scratch, { recursive: true })

const passed = results.reduce((sum, result) => sum + result.passed, 0)
const failed = results.reduce((sum, result) => sum + result.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

function runCheck(script: string): Counts {
  return runScript(script) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }
}

/** A run that ends without a report, or with a failure that no test has (such as a file that cannot load), fails. */
function runTests(): Counts {
  const report = join(scratch, 'report.json')
  const ended = runScript('test:unit', ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`])
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'))
    return { passed: numPassedTests, failed: ended ? numFailedTests : Math.max(numFailedTests, 1) }
  } catch {
    return { passed: 0, failed: 1 }
  }
}

function runScript(script: string, options: readonly string[] = []): boolean {
  console.log(`\n# npm run ${script}`)
  return spawnSync('npm', ['run', '--silent', script, '--', ...options], { stdio: 'inherit' }).status === 0
}
