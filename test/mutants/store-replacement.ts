// Planted bugs in the replacement of everything that a store holds, as an import does it.
import type { Mutant } from './mutant.ts'

const REPLACEMENT = 'src/store/replacement.ts'

export const REPLACEMENT_MUTANTS: readonly Mutant[] = [
  {
    name: 'replacement-not-synced',
    why: 'The superblock may reach the disk before the new content that it names.',
    provedBy: 'replacement',
    edits: [
      {
        file: REPLACEMENT,
        find: 'const next = this.#writeTables()\n    await syncAll(state)',
        replace: 'const next = this.#writeTables()',
      },
    ],
  },
]
