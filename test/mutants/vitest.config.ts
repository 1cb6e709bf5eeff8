// Runs test files with one planted bug, named by the variable MUTANT; without it, with the code as it is.
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { defineConfig } from 'vitest/config'
import { MUTANTS } from './list.ts'
import { plant } from './mutant.ts'

const root = join(import.meta.dirname, '..', '..')
const name = process.env.MUTANT
const mutant = MUTANTS.find((other) => other.name === name)
if (name && !mutant) throw new Error(`there is no mutant ${name}`)

export default defineConfig({
  root,
  plugins: [
    {
      name: 'planted-bug',
      enforce: 'pre',
      async load(id) {
        const file = relative(root, id)
        if (!mutant?.edits.some((edit) => edit.file === file)) return undefined
        return plant(mutant, file, await readFile(id, 'utf8'))
      },
    },
  ],
  test: { include: ['test/unit/**/*.test.ts', 'test/simulation/**/*.test.ts'], testTimeout: 600_000, bail: 1 },
})
