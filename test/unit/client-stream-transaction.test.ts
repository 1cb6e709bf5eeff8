// `stream` on a transaction: its rows are the transaction's own, and the transaction goes on while they are read.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const ROWS = 30_000
const FILL = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
  INSERT INTO t SELECT i, printf('%0200d', i) FROM n`

let db: Database
beforeEach(async () => {
  db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
  await db.exec(`CREATE TABLE t(id INTEGER PRIMARY KEY, a); ${FILL}`)
})
afterEach(() => db.close())

describe.each([
  ['immediate', { mode: 'immediate' }],
  ['deferred', { mode: 'deferred' }],
  ['read-only', { readonly: true }],
] as const)('in a transaction that is %s', (_name, options) => {
  test('a stream gives all rows while other statements of it run', async () => {
    const seen = await db.transaction(async (tx) => {
      let seen = 0
      for await (const { id } of tx.stream<{ id: number }>('SELECT id, a FROM t ORDER BY id')) {
        if (id !== ++seen) throw new Error(`row ${id} came as number ${seen}`)
        if (seen % 10_000 === 0) expect(await tx.value('SELECT count(*) FROM t')).toBe(ROWS)
      }
      return seen
    }, options)
    expect(seen).toBe(ROWS)
    expect((await db.metrics()).pins).toBe(0)
  })

  test('a stream that is left in the middle leaves the transaction usable', async () => {
    await db.transaction(async (tx) => {
      for await (const _ of tx.stream('SELECT id, a FROM t')) break
      expect(await tx.value('SELECT count(*) FROM t')).toBe(ROWS)
      const [first] = [await tx.stream<{ n: number }>`SELECT ${5} AS n`.next()]
      expect(first.value).toEqual({ n: 5 })
    }, options)
    expect((await db.metrics()).pins).toBe(0)
  })

  test('a stream that writes is refused and the transaction goes on', async () => {
    await db.transaction(async (tx) => {
      await expect(tx.stream('DELETE FROM t RETURNING id').next()).rejects.toMatchObject({ code: 'stream-writes' })
      expect(await tx.value('SELECT count(*) FROM t')).toBe(ROWS)
    }, options)
  })
})

test('a stream sees what its transaction has written, and writes go on while it is read', async () => {
  await db.transaction(async (tx) => {
    await tx.run('INSERT INTO t VALUES (-1, 1)')
    let seen = 0
    for await (const row of tx.stream<{ id: number }>('SELECT id, a FROM t ORDER BY id')) {
      if (seen === 0) expect(row.id).toBe(-1)
      if (seen++ === 10) await tx.run('DELETE FROM t')
    }
    expect(seen).toBe(ROWS + 1)
  })
  expect(await db.value('SELECT count(*) FROM t')).toBe(0)
})

test('a deferred transaction moves to the writer under a stream that is still read', async () => {
  await db.transaction(
    async (tx) => {
      const rows = tx.stream<{ id: number }>('SELECT id, a FROM t ORDER BY id')
      expect((await rows.next()).value).toMatchObject({ id: 1 })
      await tx.run('INSERT INTO t VALUES (-1, 1)')
      let seen = 1
      for await (const _ of rows) seen++
      expect(seen).toBe(ROWS)
    },
    { mode: 'deferred' },
  )
  expect(await db.value('SELECT count(*) FROM t')).toBe(ROWS + 1)
})

test('a stream of an ended transaction is refused', async () => {
  let late: AsyncGenerator<unknown> | undefined
  await db.transaction(async (tx) => {
    late = tx.stream('SELECT 1')
  })
  await expect(late?.next()).rejects.toMatchObject({ code: 'closed' })
})

test('a stream belongs to the transaction that was begun by text', async () => {
  await db.run('BEGIN')
  await db.run('DELETE FROM t WHERE id > 3')
  const ids: number[] = []
  for await (const { id } of db.stream<{ id: number }>('SELECT id FROM t')) ids.push(id)
  await db.run('ROLLBACK')
  expect(ids).toEqual([1, 2, 3])
})
