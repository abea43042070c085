// The lines of the input `manifest`: which are globs, and why a line may match nothing. Pure.

/** `!x.yml` is not a glob, because nothing can be excluded; `!(x).yml` is one. */
export function isGlob(pattern: string): boolean {
  return /[*?[{]|[+@!]\(/.test(pattern) && !/^!(?!\()/.test(pattern)
}

/** The folders that a pattern begins with, up to the first glob. */
export function foldersBeforeGlob(pattern: string): readonly string[] {
  const parts = pattern.split('/')
  const glob = parts.findIndex(isGlob)
  return parts.slice(0, glob === -1 ? parts.length - 1 : glob)
}

/** Paths of the workspace: on hosted runners, in job containers, in container actions, on self-hosted runners. */
const WORKSPACES =
  /^(?:\/home\/runner\/work\/[^/]+\/[^/]+|\/__w\/[^/]+\/[^/]+|\/github\/workspace|.*[\\/]_work[\\/][^\\/]+[\\/][^\\/]+)[\\/](.+)$/

/** For a path in the workspace of another machine or container: the path relative to that workspace. */
export function pathInWorkspace(path: string, workspace: string): string | undefined {
  return path.startsWith(workspace) ? undefined : WORKSPACES.exec(path)?.[1]
}

const MISTAKES: readonly (readonly [form: RegExp, advice: string])[] = [
  [/^!/, 'nothing can be excluded: list the files to read, one path or glob per line'],
  [/^\[.*\]$/, 'write one path or glob per line, without brackets'],
  [/^(["'`]).*\1$/, 'write one path or glob per line, without quotes'],
  [/^- /, 'write one path or glob per line, without "- " before it'],
  [/\$|^~/, 'variables and ~ are not expanded here; write the path itself'],
  [/\\/, 'write / between folders'],
  [/[,;]|\.\w+\s/, 'write one path or glob per line, without separators'],
]

/** What to do about a line that matches no file. */
export function adviseOnPattern(pattern: string, workspace: string): string {
  const path = pathInWorkspace(pattern, workspace)
  if (path !== undefined) return `${FOREIGN_WORKSPACE}: ${path}`
  const [, advice = 'correct the input manifest, or add the file'] = MISTAKES.find(([form]) => form.test(pattern)) ?? []
  return advice
}

export const FOREIGN_WORKSPACE =
  'the workspace of a container has a different path, so do not use github.workspace: write the path relative to the workspace'
