// Runs the built action as GitHub's runner does: `INPUT_*` and `GITHUB_*` in, exit code, log, outputs, summary out.

import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { load } from 'js-yaml'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
export const BUNDLE = join(ROOT, 'dist/index.js')
/** Set by `npm run coverage`: run the sources instead of the bundle, and collect their coverage. */
const { NODE_V8_COVERAGE } = process.env
/** The module that the tests run. */
export const ENTRY = NODE_V8_COVERAGE === undefined ? BUNDLE : join(ROOT, 'src/index.ts')
/** What coverage needs in the environment of a process. */
export const COVERAGE = NODE_V8_COVERAGE === undefined ? {} : { NODE_V8_COVERAGE }

export interface ActionOptions {
  readonly inputs: Readonly<Record<string, string>>
  /** The workspace's files, by path. */
  readonly files?: Readonly<Record<string, string>>
  /** Overrides the runner's variables; undefined unsets one. */
  readonly env?: Readonly<Record<string, string | undefined>>
  /** A file of the workspace whose content the run returns as `kept`. */
  readonly keep?: string
  /** A new folder that keeps the files of the runner and the action; without it, they are deleted after the run. */
  readonly home?: string
  /** Called when the process runs, for example to send it a signal. */
  readonly onStart?: (kill: (signal: NodeJS.Signals) => void) => void
}

interface Annotation {
  readonly kind: 'error' | 'warning' | 'notice'
  readonly file: string | undefined
  readonly line: number | undefined
  readonly column: number | undefined
  readonly message: string
}

export interface ActionRun {
  readonly exitCode: number | null
  /** The signal that ended the process; null if it exited by itself. */
  readonly signal: NodeJS.Signals | null
  /** What the process wrote to stdout and stderr, in order. */
  readonly log: string
  readonly annotations: readonly Annotation[]
  readonly outputs: Readonly<Record<string, string>>
  readonly summary: string
  /** The report file's content. */
  readonly report: Readonly<Record<string, unknown>>
  /** The text of the saved plan and of the undo plan. */
  readonly plan: string
  readonly undoPlan: string
  /** Empty if there is no such file. */
  readonly kept: string
  /** Every file under `$RUNNER_TEMP`, concatenated. */
  readonly temp: string
  /** Every new file of the workspace, concatenated. */
  readonly added: string
  readonly masked: readonly string[]
}

interface ActionDefinition {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>
  readonly outputs: Readonly<Record<string, { readonly description: string }>>
}

/**
 * An environment in which time passes this many times as fast for the action, for tests that mostly wait. Work takes
 * that many times longer by its clock.
 */
export function fastTime(speed: number): Readonly<Record<string, string>> {
  return { NODE_OPTIONS: `--import=${new URL(`fast-time.ts?speed=${speed}`, import.meta.url)}` }
}

export async function readDefinition(): Promise<ActionDefinition> {
  return load(await readFile(join(ROOT, 'action.yml'), 'utf8')) as ActionDefinition
}

export async function runAction(options: ActionOptions): Promise<ActionRun> {
  if (options.home !== undefined) {
    await mkdir(options.home)
    return runIn(options.home, options)
  }
  const home = await mkdtemp(join(tmpdir(), 'action-'))
  try {
    return await runIn(home, options)
  } finally {
    await rm(home, { recursive: true })
  }
}

export interface Start {
  readonly workspace: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly onStart: ActionOptions['onStart']
}

export type End = Pick<ActionRun, 'exitCode' | 'signal' | 'log'>

let launch: (start: Start) => Promise<End> = launchProcess

/** From now on, this function runs the action instead of a new process. */
export function launchBy(other: typeof launch): void {
  launch = other
}

async function launchProcess({ workspace, env, onStart }: Start): Promise<End> {
  const child = spawn(process.execPath, [ENTRY], {
    cwd: workspace,
    env,
  })
  let log = ''
  child.stdout.setEncoding('utf8').on('data', text => {
    log += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    log += text
  })
  onStart?.(signal => child.kill(signal))
  return new Promise(resolve => {
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, log }))
  })
}

async function runIn(home: string, { inputs, files = {}, env = {}, keep, onStart }: ActionOptions): Promise<ActionRun> {
  const workspace = join(home, 'workspace')
  const paths = { output: join(home, 'output'), summary: join(home, 'summary.md'), temp: join(home, 'temp') }
  await Promise.all([workspace, paths.temp].map(path => mkdir(path)))
  await Promise.all([paths.output, paths.summary].map(path => writeFile(path, '')))
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(workspace, path)), { recursive: true })
    await writeFile(join(workspace, path), content)
  }
  const { exitCode, signal, log } = await launch({
    workspace,
    env: {
      PATH: process.env.PATH,
      // Hundreds of processes share the compiled bundle.
      NODE_COMPILE_CACHE: join(ROOT, 'build/compile-cache'),
      ...COVERAGE,
      ...(await inputVariables(inputs)),
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: workspace,
      GITHUB_OUTPUT: paths.output,
      GITHUB_STEP_SUMMARY: paths.summary,
      GITHUB_EVENT_NAME: 'push',
      GITHUB_REF: 'refs/heads/main',
      RUNNER_TEMP: paths.temp,
      ...env,
    },
    onStart,
  })
  const outputs = parseOutputs(await readFile(paths.output, 'utf8'))
  const fileOf = async (output: string) => (outputs[output] ? readFile(outputs[output], 'utf8') : '')
  const report = await fileOf('report-file')
  return {
    exitCode,
    signal,
    log,
    annotations: parseAnnotations(log),
    outputs,
    summary: await readFile(paths.summary, 'utf8'),
    report: report === '' ? {} : JSON.parse(report),
    kept: keep === undefined ? '' : await readFile(join(workspace, keep), 'utf8').catch(() => ''),
    temp: await readAll(paths.temp),
    added: await readAll(workspace, Object.keys(files)),
    plan: await fileOf('plan-file'),
    undoPlan: await fileOf('undo-plan-file'),
    masked: [...log.matchAll(/^::add-mask::(.*)$/gm)].map(match => unescapeData(match[1] ?? '')),
  }
}

async function readAll(folder: string, except: readonly string[] = []): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const known = new Set(except.map(path => join(folder, path)))
  const files = entries.filter(entry => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name))
  return (await Promise.all(files.filter(path => !known.has(path)).map(path => readFile(path, 'utf8')))).join('\n')
}

/** The runner sets a variable for every declared input, with its default if the workflow does not set it. */
async function inputVariables(inputs: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const { inputs: declared } = await readDefinition()
  const undeclared = Object.keys(inputs).filter(name => declared[name] === undefined)
  if (undeclared.length > 0) throw new Error(`not in action.yml: ${undeclared}`)
  return Object.fromEntries(
    Object.entries(declared).map(([name, definition]) => [
      `INPUT_${name.toUpperCase()}`,
      inputs[name] ?? definition.default?.replace(/^\$\{\{.*\}\}$/, '') ?? '',
    ]),
  )
}

/** `name<<delimiter`, the value's lines, `delimiter`. */
function parseOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {}
  for (const [, name = '', , value = ''] of text.matchAll(/^([^\n]+?)<<([^\n]+)\n(?:([\s\S]*?)\n)??\2$/gm)) {
    outputs[name] = value
  }
  return outputs
}

/** The runner's own syntax: `::name key=value,key=value::data` at the start of a line. */
function parseAnnotations(log: string): readonly Annotation[] {
  return [...log.matchAll(/^\s*::(error|warning|notice)(?: ([^\n]*?))?::(.*)$/gm)].map(match => {
    const [, kind = '', properties = '', data = ''] = match
    const property = new Map(properties.split(',').map(each => each.split('=', 2) as [string, string]))
    const number = (name: string) => (property.has(name) ? Number(property.get(name)) : undefined)
    const file = property.get('file')
    return {
      kind: kind as Annotation['kind'],
      file: file && unescapeData(file).replaceAll('%3A', ':').replaceAll('%2C', ','),
      line: number('line'),
      column: number('col'),
      message: unescapeData(data),
    }
  })
}

function unescapeData(data: string): string {
  return data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}
