// Every value that SQLite can hold comes back as itself through every call, in each mode of integers and of rows.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import type { IntegerMode } from '../../src/protocol/messages.ts'
import type { BindValue } from '../../src/protocol/value-writer.ts'
import { anyValue, out } from '../support/any-value.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const SELECT = 'SELECT ? AS v'
type Options = { readonly integers: IntegerMode; readonly rowMode?: 'array' }

/** Each gives the value back, as it came from an object by name or, in array mode, from an array. */
const PATHS: Record<string, (db: Database, value: BindValue, options: Options) => Promise<unknown>> = {
  query: async (db, value, options) => first((await db.query(SELECT, [value], options as never))[0]),
  'query by name': async (db, value, options) =>
    first((await db.query('SELECT :v AS v', { v: value }, options as never))[0]),
  get: async (db, value, options) => first(await db.get(SELECT, [value], options as never)),
  value: (db, value, { integers }) => db.value(SELECT, [value], { integers }),
  stream: async (db, value, options) => first((await db.stream(SELECT, [value], options as never).next()).value),
  batch: async (db, value, options) => first((await db.batch([[SELECT, [value]]], options as never))[0]?.rows[0]),
  prepared: async (db, value, options) => first((await (await db.prepare(SELECT)).query([value], options as never))[0]),
  run: (db, value, options) => stored(db, options, () => db.run('INSERT INTO t VALUES (?)', [value])),
  runMany: (db, value, options) => stored(db, options, () => db.runMany('INSERT INTO t VALUES (?)', [[value]])),
  template: (db, value, options) => stored(db, options, () => db.run`INSERT INTO t VALUES (${value})`),
  transaction: (db, value, options) =>
    db.transaction(async (tx) => {
      await tx.run('DELETE FROM t')
      await tx.run('INSERT INTO t VALUES (?)', [value])
      return first(await tx.get('SELECT v FROM t', [], options as never))
    }),
}

function first(row: unknown): unknown {
  return Array.isArray(row) ? row[0] : (row as { v: unknown }).v
}

async function stored(db: Database, options: Options, write: () => Promise<unknown>): Promise<unknown> {
  await db.run('DELETE FROM t')
  await write()
  return first(await db.get('SELECT v FROM t', [], options as never))
}

describe.each(Object.entries(PATHS))('through %s', (_, pass) => {
  let db: Database
  beforeAll(async () => {
    db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory', durability: 'relaxed' })
    await db.exec('CREATE TABLE t(v)')
  })
  afterAll(() => db.close())

  it.each([
    ['auto', 'object'],
    ['auto', 'array'],
    ['number', 'object'],
    ['number', 'array'],
    ['bigint', 'object'],
    ['bigint', 'array'],
  ] as const)('every value comes back as itself with integers %j and rows as %j', async (integers, rows) => {
    const options: Options = rows === 'array' ? { integers, rowMode: 'array' } : { integers }
    await fc.assert(
      fc.asyncProperty(anyValue, async (value) => {
        const expected = out(value, integers)
        if (expected === undefined)
          await expect(pass(db, value, options)).rejects.toMatchObject({ code: 'integer-range' })
        else expect(await pass(db, value, options)).toStrictEqual(expected)
      }),
      { numRuns: 60 },
    )
  })
})

it('a blob of 50 MB comes back as itself from a statement and from a stream', async () => {
  const db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory', durability: 'relaxed' })
  const blob = new Uint8Array(50_000_000)
  for (let at = 0; at < blob.length; at += 4096) blob[at] = at / 4096
  await db.exec('CREATE TABLE t(v)')
  await db.run('INSERT INTO t VALUES (?)', [blob])
  const seen = [await db.value('SELECT v FROM t')]
  for await (const row of db.stream('SELECT v FROM t')) seen.push(row.v)
  expect(seen).toHaveLength(2)
  for (const value of seen) expect(Buffer.compare(value as Uint8Array, blob)).toBe(0)
  await db.close()
})
