// Every planted bug (`npm run mutants`) still has its place in the source, so that a change there is noticed at once and not on
// the day when the bugs are planted.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { MUTANTS } from '../mutants/list.ts'
import { plant } from '../mutants/mutant.ts'

test.each(MUTANTS)('$name changes the source that it names', (mutant) => {
  for (const file of new Set(mutant.edits.map((edit) => edit.file))) {
    const text = readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')
    expect(plant(mutant, file, text)).not.toBe(text)
  }
})
