// The one test command: lint, types, a fresh dist/, tests and demo, each whatever the others said. The last line counts
// every test, and each of the other checks as one.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

const CHECKS = ['lint', 'types', 'check:dist', 'demo']
const SLOWEST = 5

interface Counts {
  readonly passed: number
  readonly failed: number
}

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly assertionResults: readonly { readonly fullName: string; readonly duration?: number | null }[]
  }[]
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
  const path = join(scratch, 'report.json')
  const ended = runScript('test:unit', ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`])
  try {
    const report: Report = JSON.parse(readFileSync(path, 'utf8'))
    printSlowest(report)
    const { numPassedTests, numFailedTests } = report
    return { passed: numPassedTests, failed: ended ? numFailedTests : Math.max(numFailedTests, 1) }
  } catch {
    return { passed: 0, failed: 1 }
  }
}

function printSlowest({ testResults }: Report): void {
  const tests = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.map(({ fullName, duration }) => ({ file: basename(name), fullName, duration: duration ?? 0 })),
  )
  const slowest = tests.sort((a, b) => b.duration - a.duration).slice(0, SLOWEST)
  console.log('\nThe slowest tests:')
  for (const { file, fullName, duration } of slowest) {
    console.log(`  ${(duration / 1000).toFixed(1)} s  ${file}: ${fullName}`)
  }
}

function runScript(script: string, options: readonly string[] = []): boolean {
  console.log(`\n# npm run ${script}`)
  return spawnSync('npm', ['run', '--silent', script, '--', ...options], { stdio: 'inherit' }).status === 0
}
