// Reads the manifest, and tells everything that is wrong with it.

import { checkTenant } from '../manifest/check.ts'
import { readManifest } from '../manifest/desired.ts'
import { loadManifest } from '../manifest/load.ts'
import { locateRemarks } from '../manifest/locate.ts'
import type { RunRecord } from '../report/record.ts'
import type { Inputs } from '../runner/inputs.ts'
import type { Workflow } from '../runner/workflow.ts'
import type { ManifestFiles } from './context.ts'

export async function readFiles(inputs: Inputs, workflow: Workflow, record: RunRecord): Promise<ManifestFiles> {
  const at = new Date()
  record.commit = workflow.knownCommit
  const { documents, problems } = await loadManifest(inputs.manifest, workflow.workspace)
  const { manifest, mistakes, expired, expiring, nextExpiry } = readManifest(documents, at)
  const mismatch = inputs.domain === undefined ? [] : checkTenant(documents, inputs.domain.host)
  record.files = documents.map(document => document.file)
  record.users = manifest.users.length
  record.nextExpiry = nextExpiry
  record.notices.push(...locateRemarks(documents, expired))
  record.warnings.push(...locateRemarks(documents, expiring))
  const remarks = function* () {
    yield* mistakes
    yield* mismatch
  }
  record.errors.push(...problems, ...locateRemarks(documents, remarks()))
  if (record.errors.length > 0) record.stopped = 'manifest'
  return { documents, manifest, at }
}
