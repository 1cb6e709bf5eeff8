// The block store on a disk whose writes the next process sees at once and a power cut may lose, tear or reorder, as
// OPFS and files have it. More seeds by `npm run simulate -- --seeds N`.
import { test } from 'vitest'
import { BUDGETS } from './store-budget.ts'
import { simulate } from './store-run.ts'

test('on a disk of files no acknowledged commit is lost and no wrong byte returned', () =>
  simulate('kept', BUDGETS.kept))
