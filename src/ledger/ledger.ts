// The memory between runs: one GitHub deployment an apply. It reads what earlier applies asked for, and writes what this
// one does; what follows from it is history.ts.

import { matchesGlob } from 'node:path/posix'
import pMap from 'p-map'
import * as z from 'zod'
import { ActionError } from '../errors.ts'
import type { DeploymentState, GitHub } from '../github.ts'
import { readManifest } from '../manifest/desired.ts'
import { type Document, parseDocument } from '../manifest/load.ts'
import type { Workflow } from '../workflow.ts'
import { type Entry, goBack, type History, NO_HISTORY, type Revision } from './history.ts'

/** What an apply writes down of itself, as the payload of its deployment. */
interface Note {
  /** The manifest's files at the commit. */
  readonly manifest: readonly string[]
  /** The clock of the run, by which `expires` was read. */
  readonly at: string
  /** `sha256:…` */
  readonly digest: string
  /** The deployment that this one takes back. */
  readonly undoes?: number | undefined
}

const note = z.object({
  manifest: z.array(z.string().min(1)).optional().catch(undefined),
  at: z.iso.datetime().optional().catch(undefined),
  undoes: z.int().optional().catch(undefined),
})

export interface Ledger {
  /** Back to the base. */
  readonly history: () => Promise<History>
  /**
   * What the manifest asked for at each of these entries.
   * @param files of an entry that does not name its own
   * @throws ActionError where that cannot be read any more
   */
  readonly revisionsOf: (entries: readonly Entry[], files: readonly string[]) => Promise<readonly Revision[]>
  /** Whether this commit comes before that of an entry. */
  readonly isBefore: (commit: string, entry: Entry) => Promise<boolean>
  /** Files that the workspace holds otherwise than the commit, each with what is wrong. */
  readonly differences: (files: WorkspaceFiles) => Promise<readonly string[]>
  /** Those of the files that the commit holds. */
  readonly held: (files: readonly string[], commit: string) => Promise<readonly string[]>
  /** @returns the new entry's id */
  readonly begin: (commit: string, note: Note) => Promise<number>
  readonly end: (id: number, converged: boolean, description: string) => Promise<void>
}

interface WorkspaceFiles {
  readonly commit: string
  readonly documents: readonly Document[]
  /** The input `manifest`. */
  readonly patterns: readonly string[]
}

export interface LedgerOptions {
  readonly github: GitHub
  /** The tenant's host. */
  readonly tenant: string
  readonly workflow: Workflow
}

const TASK = 'auth0-permissions'

/** How many requests to GitHub at once. */
const WIDTH = 6

export function openLedger({ github, tenant, workflow }: LedgerOptions): Ledger {
  const deployments = { task: TASK, environment: `${TASK}/${tenant}` }

  const history = async (): Promise<History> => {
    let found = NO_HISTORY
    for await (const { id, commit, createdAt, payload } of github.deployments(deployments)) {
      const { manifest, at, undoes } = note.safeParse(payload).data ?? {}
      const succeeded = (await github.statesOf(id)).includes('success' satisfies DeploymentState)
      const entry = {
        id,
        commit,
        at: at === undefined ? createdAt : Date.parse(at),
        files: manifest,
        succeeded,
        undoes,
      }
      found = goBack(found, entry)
      if (found.base !== undefined) break
    }
    return found
  }

  const documentAt = async (commit: string, path: string): Promise<Document> => {
    const text = await github.textAt(commit, path)
    const why = 'and an earlier apply granted what it says'
    if (text === undefined) {
      throw new ActionError(`The commit ${commit} or ${path} in it cannot be read, ${why}. ${INSTEAD}`)
    }
    const { documents, problems } = parseDocument(path, text)
    const [document] = documents
    if (document !== undefined) return document
    const mistake = problems.map(({ message }) => message).join(' ')
    throw new ActionError(`${path} at the commit ${commit} cannot be read, ${why}: ${mistake} ${INSTEAD}`)
  }

  const revisionsOf: Ledger['revisionsOf'] = async (entries, files) => {
    // Attempts come in rows at the same commit.
    const wanted = new Map(
      entries.flatMap(({ commit, files: own = files }) => own.map(path => [`${commit} ${path}`, { commit, path }])),
    )
    const read = await pMap(wanted, async ([key, { commit, path }]) => [key, await documentAt(commit, path)] as const, {
      concurrency: WIDTH,
    })
    const documents = new Map(read)
    return entries.map(({ commit, at, files: own = files }) => {
      const ofEntry = own.map(path => documents.get(`${commit} ${path}`)).filter(document => document !== undefined)
      return readManifest(ofEntry, new Date(at)).manifest.users
    })
  }

  const differences = async ({ commit, documents, patterns }: WorkspaceFiles): Promise<readonly string[]> => {
    const present = new Set(documents.map(({ file }) => file))
    const changed = await pMap(
      documents,
      async ({ file, text }) => {
        const committed = await github.textAt(commit, file)
        if (committed === undefined)
          return [`${file} is not in the commit ${commit}, or the token lacks contents: read`]
        return isSame(text, committed) ? [] : [`${file} is not what the commit ${commit} holds`]
      },
      { concurrency: WIDTH },
    )
    const globs = patterns.filter(isGlob)
    const committed = await pMap(globs, async glob => filesOf(await github.filesIn(commit, folderOf(glob)), glob))
    const missing = [...new Set(committed.flat())].filter(file => !present.has(file))
    return [...changed.flat(), ...missing.map(file => `${file} is in the commit ${commit} and not in the workspace`)]
  }

  return {
    history,
    revisionsOf,
    differences,
    isBefore: (commit, entry) =>
      commit === entry.commit ? Promise.resolve(false) : github.isAncestor(commit, entry.commit),
    held: async (files, commit) => {
      const found = await pMap(files, path => github.textAt(commit, path), { concurrency: WIDTH })
      return files.filter((_, index) => found[index] !== undefined)
    },
    begin: async (commit, payload) => {
      const description = 'Auth0 user permissions'
      const id = await github.createDeployment({ ...deployments, commit, payload, description })
      await github.changeState(id, { state: 'in_progress', description, runUrl: workflow.runUrl })
      return id
    },
    end: (id, converged, description) =>
      github.changeState(id, { state: converged ? 'success' : 'failure', description, runUrl: workflow.runUrl }),
  }
}

const INSTEAD =
  'Set revoke: never or revoke: all for one run: when that succeeds, the ledger does not look further back than to it.'

function isGlob(pattern: string): boolean {
  return /[*?[{]/.test(pattern)
}

/** The folder that all matches of a glob are below. */
function folderOf(glob: string): string {
  const parts = glob.replace(/^\.\//, '').split('/')
  return parts.slice(0, parts.findIndex(isGlob)).join('/')
}

function filesOf(files: readonly string[], glob: string): readonly string[] {
  const pattern = glob.replace(/^\.\//, '')
  return files.filter(file => matchesGlob(file, pattern))
}

/** A checkout on Windows may have changed the line ends, and a byte order mark is not read. */
function isSame(text: string, committed: string): boolean {
  return normal(text) === normal(committed)
}

function normal(text: string): string {
  return text.replace(/^\ufeff/, '').replaceAll('\r\n', '\n')
}
