// Publishes the record of a run that has ended: annotations, outputs, files, and whether the step fails.

import { setOutput } from '@actions/core'
import { redactAll } from '../runner/secrets.ts'
import { conclude, driftOf } from './conclude.ts'
import { attemptFile, failStep, type RunFolder, writeSummary } from './files.ts'
import { annotate, logLine } from './log.ts'
import type { RunRecord } from './record.ts'
import { type Circumstances, renderReportFile } from './report-file.ts'
import { renderSummary } from './summary.ts'

export interface PublishOptions extends Circumstances {
  readonly folder: RunFolder
}

export function publish(whole: RunRecord, { folder, ...circumstances }: PublishOptions): void {
  const record = redactAll(whole)
  const { sentence, result } = conclude(record)
  annotate('error', [...record.errors, ...record.failures, ...driftOf(record)])
  annotate('warning', record.warnings)
  annotate('notice', record.notices)
  logLine(sentence)
  if (result === 'failed' || result === 'partial' || record.drift) failStep()

  const reportFile = folder.save('report', () => renderReportFile(record, circumstances))
  const files = { 'Report file': reportFile, 'Plan file': record.planFile, 'Undo plan file': record.undoPlanFile }
  for (const [file, path] of Object.entries(files)) if (path !== undefined) logLine(`${file}: ${path}`)
  attemptFile('outputs', () => writeOutputs(record, reportFile))
  attemptFile('job summary', () => writeSummary(renderSummary(record)))
}

function writeOutputs(record: RunRecord, reportFile: string | undefined): void {
  const conclusion = conclude(record)
  const outputs = {
    result: conclusion.result,
    changed: conclusion.changed,
    grants: conclusion.grants,
    revocations: conclusion.revocations,
    users: conclusion.users,
    'users-changed': conclusion.usersChanged,
    'users-failed': conclusion.usersFailed,
    'plan-digest': record.digest,
    'plan-file': record.planFile,
    'undo-plan-digest': record.undoDigest,
    'undo-plan-file': record.undoPlanFile,
    requests: conclusion.requests,
    'next-expiry': record.nextExpiry,
    'report-file': reportFile,
  }
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value ?? '')
}
