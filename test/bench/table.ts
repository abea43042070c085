// Numbers and table rows as the README formats them.

/** Numbers are aligned to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const isNumeric = (column: number) => rows.every(row => /^[\d.]|^$/.test(row[column] ?? '') && column > 0)
  const rule = head.map((_, column) => (isNumeric(column) ? '---:' : '---'))
  return [head, rule, ...rows].map(row => `| ${row.join(' | ')} |`).join('\n')
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  const [low = Number.NaN, high = Number.NaN] = [sorted[middle - ((sorted.length + 1) % 2)], sorted[middle]]
  return (low + high) / 2
}

/** @param milliseconds as seconds with two places below ten, else one */
export function seconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(milliseconds < 10_000 ? 2 : 1)} s`
}
