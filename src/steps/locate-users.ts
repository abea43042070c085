// Findings about users → the manifest's lines that list them.

import type { UserFinding } from '../live/survey.ts'
import { type Document, locate } from '../manifest/manifest.ts'
import type { UserFailure } from '../report/record.ts'

export function locateUsers(documents: readonly Document[], findings: readonly UserFinding[]): readonly UserFailure[] {
  const mentions = findings.flatMap(({ mention }) => mention ?? [])
  const places = new Map(locate(documents, mentions))
  return findings.map(({ mention, ...finding }) => {
    const place = mention && places.get(mention)
    return { ...finding, ...(place && { place }) }
  })
}
