// Publishes the record of a run that has ended: annotations, outputs, files, and whether the step fails.

import { setOutput } from '@actions/core'
import { redactAll } from '../runner/secrets.ts'
import { annotate, failStep } from './annotate.ts'
import { type Conclusion, conclude, driftOf } from './conclude.ts'
import { attemptFile, type RunFolder, writeSummary } from './files.ts'
import { logLine } from './log.ts'
import type { RunRecord } from './record.ts'
import { type Circumstances, renderReportFile } from './report-file.ts'
import { renderSummary } from './summary.ts'

export interface PublishOptions extends Circumstances {
  readonly folder: RunFolder
}

export function publish(whole: RunRecord, { folder, ...circumstances }: PublishOptions): void {
  const record = redactAll(whole)
  const conclusion = conclude(record)
  annotate('error', [...record.errors, ...record.failures, ...driftOf(record)])
  annotate('warning', record.warnings)
  annotate('notice', record.notices)
  logLine(conclusion.sentence)
  if (conclusion.result === 'failed' || conclusion.result === 'partial' || record.drift) failStep()

  const reportFile = folder.save('report', () => renderReportFile(record, circumstances))
  logFiles({ 'Report file': reportFile, 'Plan file': record.planFile, 'Undo plan file': record.undoPlanFile })
  attemptFile('outputs', () => writeOutputs(conclusion, { ...record, reportFile }))
  attemptFile('job summary', () => writeSummary(renderSummary(record)))
}

function logFiles(files: Readonly<Record<string, string | undefined>>): void {
  for (const [file, path] of Object.entries(files)) if (path !== undefined) logLine(`${file}: ${path}`)
}

interface Files extends Pick<RunRecord, 'digest' | 'planFile' | 'undoDigest' | 'undoPlanFile' | 'nextExpiry'> {
  readonly reportFile: string | undefined
}

function writeOutputs(conclusion: Conclusion, files: Files): void {
  const outputs = {
    result: conclusion.result,
    changed: conclusion.changed,
    grants: conclusion.grants,
    revocations: conclusion.revocations,
    users: conclusion.users,
    'users-changed': conclusion.usersChanged,
    'users-failed': conclusion.usersFailed,
    'plan-digest': files.digest,
    'plan-file': files.planFile,
    'undo-plan-digest': files.undoDigest,
    'undo-plan-file': files.undoPlanFile,
    requests: conclusion.requests,
    'next-expiry': files.nextExpiry,
    'report-file': files.reportFile,
  }
  for (const [name, value] of Object.entries(outputs)) setOutput(name, value ?? '')
}
