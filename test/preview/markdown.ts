// Renders Markdown as GitHub does, in the relevant aspects: its flavor, alerts, and sanitization.

import rehypeRaw from 'rehype-raw'
import rehypeSanitize from 'rehype-sanitize'
import rehypeStringify from 'rehype-stringify'
import remarkGfm from 'remark-gfm'
import remarkParse from 'remark-parse'
import remarkRehype from 'remark-rehype'
import { unified } from 'unified'

/** A node of the HTML tree, as in hast. */
export interface HtmlNode {
  type: string
  tagName?: string
  value?: string
  properties?: Record<string, unknown>
  children?: HtmlNode[]
}

/** The HTML of Markdown and raw HTML before sanitization. */
export function parseMarkdown(markdown: string): HtmlNode {
  const processor = unified()
    .use(remarkParse)
    .use(remarkGfm)
    .use(remarkRehype, { allowDangerousHtml: true })
    .use(rehypeRaw)
  return processor.runSync(processor.parse(markdown)) as HtmlNode
}

export function* nodesOf(node: HtmlNode): Generator<HtmlNode> {
  yield node
  for (const child of node.children ?? []) yield* nodesOf(child)
}

export function textOf(node: HtmlNode): string {
  return node.value ?? (node.children ?? []).map(textOf).join('')
}

export function elementsOf(tree: HtmlNode, tagName: string): readonly HtmlNode[] {
  return [...nodesOf(tree)].filter(node => node.tagName === tagName)
}

export function renderMarkdown(markdown: string): string {
  const file = unified()
    .use(remarkParse)
    .use(remarkGfm)
    .use(remarkRehype, { allowDangerousHtml: true })
    .use(rehypeRaw)
    .use(rehypeSanitize)
    .use(() => tree => showAlerts(tree as HtmlNode))
    .use(rehypeStringify)
    .processSync(markdown)
  return String(file)
}

const ALERTS: Readonly<Record<string, string>> = { CAUTION: 'Caution', WARNING: 'Warning', NOTE: 'Note' }

/** `> [!WARNING]` is a box with a title. */
function showAlerts(node: HtmlNode): void {
  for (const child of node.children ?? []) showAlerts(child)
  if (node.tagName !== 'blockquote') return
  const first = node.children?.find(child => child.tagName === 'p')
  const mark = first?.children?.[0]
  const kind = /^\[!([A-Z]+)\]$/.exec(mark?.value?.trim() ?? '')?.[1]
  const title = kind && ALERTS[kind]
  if (first === undefined || title === undefined) return
  node.tagName = 'div'
  node.properties = { className: ['markdown-alert', `markdown-alert-${title.toLowerCase()}`] }
  first.properties = { className: ['markdown-alert-title'] }
  first.children = [{ type: 'text', value: title }]
}
