// What is known of planted bugs that were tried before, so that a whole run can be made in several sittings: one line of
// JSON for each, in a file that only grows.
//
// Invariant: a result counts only for the same edits, and for the same sources and tests, as it was found with.
import { createHash } from 'node:crypto'
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Mutant } from './mutant.ts'

export interface Result {
  readonly name: string
  readonly found: boolean
  readonly what: string
  readonly count: number
  readonly crashes: number
  readonly ms: number
}

/** What of the repository decides what is found. */
const SOURCES = ['src', 'test/mutants', 'test/simulation', 'test/support', 'test/unit']

export class Results {
  readonly #path: string | undefined
  readonly #sources: string
  readonly #known = new Map<string, Result>()

  /** `path`: where they are kept; undefined: nowhere. */
  constructor(root: string, path: string | undefined) {
    this.#path = path
    this.#sources = path === undefined ? '' : digestOf(root)
    if (path === undefined || !existsSync(path)) return
    for (const line of readFileSync(path, 'utf8').split('\n')) {
      if (!line) continue
      const { sources, ...result }: Result & { readonly sources: string } = JSON.parse(line)
      if (sources === this.#sources) this.#known.set(result.name, result)
    }
  }

  of({ name }: Mutant): Result | undefined {
    return this.#known.get(name)
  }

  add(result: Result): void {
    this.#known.set(result.name, result)
    if (this.#path !== undefined)
      appendFileSync(this.#path, `${JSON.stringify({ ...result, sources: this.#sources })}\n`)
  }
}

function digestOf(root: string): string {
  const hash = createHash('sha256')
  for (const folder of SOURCES) {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    for (const name of names.filter((name) => name.endsWith('.ts')).sort())
      hash.update(`${folder}/${name}\0`).update(readFileSync(join(root, folder, name)))
  }
  return hash.digest('hex').slice(0, 16)
}
