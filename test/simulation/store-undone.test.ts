// The block store on a disk that stores writes as transactions, all or none and in order, as IndexedDB has it. More
// seeds by `npm run simulate -- --seeds N`.
import { test } from 'vitest'
import { BUDGETS } from './store-budget.ts'
import { simulate } from './store-run.ts'

test('on a disk of transactions no acknowledged commit is lost and no wrong byte returned', () =>
  simulate('undone', BUDGETS.undone))
