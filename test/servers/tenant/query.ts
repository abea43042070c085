// Reads a query string as strictly as Auth0 does: anything that is not in the endpoint's description is a 400.
import { answerError, Refusal } from './answer.ts'

export interface Page {
  readonly page: number
  readonly perPage: number
  readonly includeTotals: boolean
}

export const PAGING = ['page', 'per_page', 'include_totals']

export function allowOnly(query: URLSearchParams, names: readonly string[]): void {
  for (const name of query.keys()) {
    if (!names.includes(name)) throw queryError(`Additional properties not allowed: ${name}`)
  }
}

export function readPage(query: URLSearchParams, fewest = 1): Page {
  return {
    page: readInteger(query, 'page', 'Page index of the results to return. First page is 0', 0, Infinity) ?? 0,
    perPage: readInteger(query, 'per_page', 'Number of results per page. Defaults to 50', fewest, 100) ?? 50,
    includeTotals: readFlag(query, 'include_totals') ?? false,
  }
}

/** The number of items on a page that starts at a checkpoint. */
export function readTake(query: URLSearchParams): number | undefined {
  return readInteger(query, 'take', 'Number of results per page. Defaults to 50.', 1, 100)
}

/** One page, bare or under `key` with its totals. Key order is that of the recording. */
export function pageOf<Item>(items: readonly Item[], { page, perPage, includeTotals }: Page, key: string): unknown {
  const start = page * perPage
  const slice = items.slice(start, start + perPage)
  return includeTotals ? { [key]: slice, start, limit: perPage, total: items.length } : slice
}

export function readText(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  if (values.length > 1) throw queryError('Expected type string but found type array', name)
  return values[0]
}

export function readFlag(query: URLSearchParams, name: string): boolean | undefined {
  const text = readText(query, name)
  if (text !== undefined && text !== 'true' && text !== 'false') {
    throw queryError('Expected type boolean but found type string', name)
  }
  return text === undefined ? undefined : text === 'true'
}

export function queryError(problem: string, property?: string, description?: string): Refusal {
  const where = property === undefined ? '' : ` on property ${property}${description ? ` (${description})` : ''}`
  return new Refusal(answerError(400, `Query validation error: '${problem}'${where}.`, 'invalid_query_string'))
}

function readInteger(
  query: URLSearchParams,
  name: string,
  description: string,
  minimum: number,
  maximum: number,
): number | undefined {
  const text = readText(query, name)
  if (text === undefined) return undefined
  if (!/^-?\d{1,9}$/.test(text)) throw queryError('Expected type integer but found type string', name, description)
  const value = Number(text)
  if (value < minimum) throw queryError(`Value ${value} is less than minimum ${minimum}`, name, description)
  if (value > maximum) throw queryError(`Value ${value} is greater than maximum ${maximum}`, name, description)
  return value
}
