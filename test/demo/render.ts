// Renders a run of the action for a terminal: its log and, if everything is requested, its job summary and outputs.

import type { ActionRun } from '../e2e/action.ts'
import { asText } from './as-text.ts'

export interface RenderOptions {
  readonly title: string
  /** Omits the content of log groups, as GitHub does until somebody opens them. */
  readonly isFolded: boolean
  readonly isVerbose: boolean
}

/** Lines about progress, the digest, and files that are all in one folder. */
const DETAIL = /^(?:(?:Looking up|Reading|Changing) [a-z ]+: |The plan's digest is |(?:Report|Plan|Undo plan) file: )/

export function renderRun(run: ActionRun, { title, isFolded, isVerbose }: RenderOptions): string {
  const log = logLines(run, isFolded)
  const heading = `\n${`━━━ ${title} `.padEnd(72, '━')}`
  if (!isVerbose) return [heading, ...log.filter(line => !DETAIL.test(line))].join('\n')
  const outputs = Object.entries(run.outputs).map(([name, value]) => `  ${name}: ${value}`)
  const summary = asText(run.summary).replace(/^(?=.)/gm, '  ')
  return [heading, ...log, '\n━━━ its job summary\n', summary, '\n━━━ its outputs\n', ...outputs].join('\n')
}

/** With annotations as the runner shows them, and a marker for each group. */
function logLines({ log, annotations }: ActionRun, isFolded: boolean): readonly string[] {
  const left = [...annotations]
  const lines: string[] = []
  let isHidden = false
  for (const line of log.trimEnd().split('\n')) {
    const [, command, text = ''] = /^::([\w-]+)(?: [^:]*)?::(.*)$/.exec(line) ?? []
    if (command === undefined && !isHidden) lines.push(line)
    if (command === 'group') lines.push(`${isFolded ? '▸' : '▾'} ${text}`)
    if (command === 'group' || command === 'endgroup') isHidden = isFolded && command === 'group'
    if (command === 'error' || command === 'warning' || command === 'notice') lines.push(annotationText(left.shift()))
  }
  return lines
}

function annotationText(annotation: ActionRun['annotations'][number] | undefined): string {
  if (annotation === undefined) return ''
  const { kind, file, line, column, message } = annotation
  const place = file === undefined ? '' : `${file}:${line}:${column}: `
  return `${kind[0]?.toUpperCase()}${kind.slice(1)}: ${place}${message}`
}
