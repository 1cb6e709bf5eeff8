// SQLite through engine, VFS and block store on a disk of files (test/support/simulated-disk.ts), against `:memory:`. More seeds by
// `npm run simulate -- --kind sqlite --seeds N`.
import { test } from 'vitest'
import { simulateSqlite } from './sqlite-run.ts'

test('SQLite on a disk of files keeps what it acknowledged, and is some commit of the oracle after any crash', () =>
  simulateSqlite('kept', 14, 10_000))
