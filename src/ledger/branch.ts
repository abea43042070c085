// The repository branch that stores the ledger: it shares no history with the code, has one file, and only moves forward.

import { createCommit, moveBranch, readBlob, readHead, readTree } from '../github/git.ts'
import type { GitHub } from '../github/github.ts'
import { formatLedger, type LedgerReading, parseLedger } from './file.ts'
import type { Ledger } from './ledger.ts'

export interface LedgerBranch {
  readonly name: string
  readonly read: () => Promise<BranchReading>
  /** @returns the branch's new head; undefined if somebody else updated the branch after `head` was read */
  readonly write: (change: LedgerChange) => Promise<string | undefined>
}

export type BranchReading = { readonly kind: 'none' } | (LedgerReading & { readonly head: string })

interface LedgerChange {
  readonly ledger: Ledger
  readonly message: string
  /** The head that the change was computed from; undefined if there was no branch. */
  readonly head: string | undefined
}

export interface LedgerBranchOptions {
  readonly github: GitHub
  /** The tenant's identity. */
  readonly tenant: string
  /** The input `ledger-key`. */
  readonly key: string | undefined
}

const LEDGER_FILE = 'ledger.json'

export function openLedgerBranch({ github, tenant, key }: LedgerBranchOptions): LedgerBranch {
  const name = ledgerBranchOf(tenant)
  return {
    name,
    read: async () => {
      const head = await readHead(github, name)
      if (head === undefined) return { kind: 'none' }
      const { tree } = await readTree(github, { of: head })
      const file = tree.find(({ path, type }) => path === LEDGER_FILE && type === 'blob')
      if (file === undefined) return { kind: 'unreadable', problem: `it has no file ${LEDGER_FILE}`, head }
      const reading = parseLedger(await readBlob(github, file.sha), key)
      if (reading.kind === 'ledger' && reading.ledger.tenant !== tenant) {
        return { kind: 'unreadable', problem: `it is the ledger of the tenant ${reading.ledger.tenant}`, head }
      }
      return { ...reading, head }
    },
    write: async ({ ledger, message, head }) => {
      const parents = head === undefined ? [] : [head]
      const commit = await createCommit(github, {
        path: LEDGER_FILE,
        text: formatLedger(ledger, key),
        parents,
        message,
      })
      return (await moveBranch(github, { branch: name, from: head, to: commit })) ? commit : undefined
    },
  }
}

/** A branch name in Git cannot contain the `:` before a port or the brackets of an IPv6 address. */
function ledgerBranchOf(tenant: string): string {
  return `auth0-permissions/${tenant.replace(/[^A-Za-z0-9.-]/g, '-')}`
}
