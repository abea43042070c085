// Whether a path is within a folder.

import { isAbsolute, relative, sep } from 'node:path'

export function isWithin(path: string, folder: string): boolean {
  const relativePath = relative(folder, path)
  return (
    relativePath !== '' && relativePath !== '..' && !relativePath.startsWith(`..${sep}`) && !isAbsolute(relativePath)
  )
}
