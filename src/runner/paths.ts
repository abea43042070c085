// Whether a path is within a folder.

import { isAbsolute, relative, sep } from 'node:path'

export function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}
