// Renders a job summary for a terminal: headings, boxes, lists and tables in plain lines.

import { type HtmlNode, parseMarkdown } from '../preview/markdown.ts'

export function asText(markdown: string): string {
  return linesOf(parseMarkdown(markdown)).join('\n').trim()
}

function linesOf(node: HtmlNode): readonly string[] {
  const children = node.children ?? []
  const within = () => children.flatMap(linesOf)
  switch (node.tagName) {
    case 'h2':
      return ['', inline(node).toUpperCase()]
    case 'h3':
      return ['', inline(node)]
    case 'blockquote':
      return ['', ...within().map(line => `┃ ${line.replace(/^\[!([A-Z]+)\]\s*/, '$1: ')}`)]
    case 'summary':
      return ['', `▾ ${inline(node)}`]
    case 'p':
      return inline(node)
        .split('\n')
        .filter(line => line.trim() !== '')
    case 'li':
      return inline(node)
        .split('\n')
        .map((line, index) => `${index === 0 ? '• ' : '  '}${line}`)
    case 'tr':
      return rowLines(children.filter(({ tagName }) => tagName === 'td' || tagName === 'th').map(inline))
    default:
      return within()
  }
}

/** A cell with several lines is alone in its row. */
function rowLines(cells: readonly string[]): readonly string[] {
  const [first = '', ...others] = cells
  const [head = '', ...more] = first.split('\n')
  return [`  ${[head, ...others].join('  │  ')}`, ...more.map(line => `      ${line}`)]
}

function inline(node: HtmlNode): string {
  if (node.tagName === 'br') return '\n'
  if (node.value !== undefined) return node.value.replace(/\s+/g, ' ')
  return (node.children ?? [])
    .map(inline)
    .join('')
    .replace(/ *\n */g, '\n')
    .trimStart()
}
