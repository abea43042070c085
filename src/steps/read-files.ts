// Reads the manifest, and reports everything that is wrong with it.

import { checkTenant, loadManifest, locateRemarks, readManifest } from '../manifest/manifest.ts'
import type { ManifestFiles, RunContext } from './context.ts'

/** @returns undefined if the manifest has problems */
export async function readFiles({ inputs, workflow, journal }: RunContext): Promise<ManifestFiles | undefined> {
  const at = new Date()
  journal.noteCommit(workflow.knownCommit)
  const { documents, problems } = await loadManifest(inputs.manifest, workflow.workspace)
  const { manifest, mistakes, expired, expiring, nextExpiry } = readManifest(documents, at)
  const mismatch = inputs.domain === undefined ? [] : checkTenant(documents, inputs.domain.host)
  const files = documents.map(({ file }) => file)
  journal.noteManifest({ files, users: manifest.users.length, nextExpiry })
  journal.notice(locateRemarks(documents, expired))
  journal.warn(locateRemarks(documents, expiring))
  const remarks = function* () {
    yield* mistakes
    yield* mismatch
  }
  const wrong = [...problems, ...locateRemarks(documents, remarks())]
  journal.rejectManifest(wrong)
  return wrong.length > 0 ? undefined : { documents, manifest, at }
}
