// SQLite through engine, VFS and block store on a disk of transactions (test/support/simulated-disk.ts), against `:memory:`. More seeds by
// `npm run simulate -- --kind sqlite --seeds N`.
import { test } from 'vitest'
import { simulateSqlite } from './sqlite-run.ts'

test('SQLite on a disk of transactions keeps what it acknowledged, and is some commit of the oracle after any crash', () =>
  simulateSqlite('undone', 17, 10_000))
