// The tables of README.md that follow from code: `npm run readme` writes them, and a test compares.

import { readFile, writeFile } from 'node:fs/promises'
import { readDefinition } from './e2e/action.ts'

export const README = new URL('../README.md', import.meta.url)

export async function renderReadme(text: string): Promise<string> {
  const { inputs, outputs } = await readDefinition()
  const inputRows = Object.entries(inputs).map(
    ([name, { default: value, description }]) =>
      `| \`${name}\` | ${value === undefined ? '' : `\`${value}\``} | ${description} |`,
  )
  const outputRows = Object.entries(outputs).map(([name, { description }]) => `| \`${name}\` | ${description} |`)
  return [
    ['inputs', ['| input | default | meaning |', '| --- | --- | --- |', ...inputRows]] as const,
    ['outputs', ['| output | meaning |', '| --- | --- |', ...outputRows]] as const,
  ].reduce((readme, [section, lines]) => replaceSection(readme, section, lines), text)
}

function replaceSection(readme: string, section: string, lines: readonly string[]): string {
  const pattern = new RegExp(`(<!-- ${section} -->\n)[\\s\\S]*?(<!-- /${section} -->)`)
  if (!pattern.test(readme)) throw new Error(`README.md has no section ${section}`)
  return readme.replace(pattern, (_, open, close) => `${open}${lines.join('\n')}\n${close}`)
}

if (process.argv.includes('--write')) await writeFile(README, await renderReadme(await readFile(README, 'utf8')))
