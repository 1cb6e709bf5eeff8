// What a planted bug is: an exact edit of the source, and which test bed must find it. It stands apart because the lists,
// the runner and the vitest configuration share it.
//
// Invariant: a text to be replaced stands in its file exactly once; anything else means that the code has moved and the
// bug must be planted anew, so it is an error and never a bug that was "not found".
import type { DiskKind } from '../simulation/store-budget.ts'

export interface Edit {
  /** Path from the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/** The simulation of the store on a kind of disk, or test files (bench.ts names them). */
export type Prover = `store-${DiskKind}` | 'vfs' | 'engine' | 'block-store' | 'tabs' | 'sqlite' | 'replacement'

export interface Mutant {
  readonly name: string
  /** The bug, in one sentence, and what it leads to. */
  readonly why: string
  readonly provedBy: Prover
  readonly edits: readonly Edit[]
  /** Why the edit changes nothing that a user could notice. Such a mutant is listed and not counted. */
  readonly harmless?: string
}

/** The text of `file` with the mutant's edits. Throws if one of them does not match exactly once. */
export function plant({ name, edits }: Pick<Mutant, 'name' | 'edits'>, file: string, text: string): string {
  let planted = text
  for (const edit of edits) {
    if (edit.file !== file) continue
    const count = planted.split(edit.find).length - 1
    if (count !== 1) throw new Error(`${name}: the text to be replaced stands ${count} times in ${file}: ${edit.find}`)
    planted = planted.replace(edit.find, () => edit.replace)
  }
  return planted
}
