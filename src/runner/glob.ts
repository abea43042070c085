// The lines of the input `manifest`: which of them are globs, and why one may match nothing. Pure.

/** `!x.yml` is no glob, because nothing can be excluded; `!(x).yml` is one. */
export function isGlob(pattern: string): boolean {
  return /[*?[{]|[+@!]\(/.test(pattern) && !/^!(?!\()/.test(pattern)
}

/** Where runners have the workspace: hosted ones, job containers, container actions, self-hosted ones. */
const WORKSPACES =
  /^(?:\/home\/runner\/work\/[^/]+\/[^/]+|\/__w\/[^/]+\/[^/]+|\/github\/workspace|.*[\\/]_work[\\/][^\\/]+[\\/][^\\/]+)[\\/](.+)$/

/** The path within the workspace, of a path that is in the workspace of another machine or container. */
export function pathInWorkspace(path: string, workspace: string): string | undefined {
  return path.startsWith(workspace) ? undefined : WORKSPACES.exec(path)?.[1]
}

const MISTAKES: readonly (readonly [form: RegExp, advice: string])[] = [
  [/^!/, 'nothing can be excluded: list the files to read, one path or glob a line'],
  [/^\[.*\]$/, 'write one path or glob a line, without brackets'],
  [/^(["'`]).*\1$/, 'write one path or glob a line, without quotes'],
  [/^- /, 'write one path or glob a line, without "- " before it'],
  [/\$|^~/, 'neither variables nor ~ are replaced here'],
  [/\\/, 'write / between folders'],
  [/[,;]|\.\w+\s/, 'write one path or glob a line, without separators'],
]

/** What to do about a line that matches no file. */
export function adviseOnPattern(pattern: string, workspace: string): string {
  const path = pathInWorkspace(pattern, workspace)
  if (path !== undefined) return `${FOREIGN_WORKSPACE}: ${path}`
  const [, advice = 'correct the input manifest, or add the file'] = MISTAKES.find(([form]) => form.test(pattern)) ?? []
  return advice
}

export const FOREIGN_WORKSPACE =
  'a container has its workspace elsewhere, so do not use github.workspace: write the path relative to the workspace'
