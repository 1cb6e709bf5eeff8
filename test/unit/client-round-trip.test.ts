// Every value that SQLite can hold comes back as itself through every call, in each mode of integers and of rows.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import type { IntegerMode } from '../../src/protocol/messages.ts'
import type { BindValue } from '../../src/protocol/value-writer.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const edges = [2n ** 53n - 1n, 2n ** 53n, 2n ** 31n - 1n, 2n ** 31n, 2n ** 63n - 1n, 0n, 1n]
const anyValue: fc.Arbitrary<BindValue> = fc.oneof(
  fc.constantFrom(null, true, false, '', new Uint8Array(), Infinity, -Infinity, -0, 5e-324, Number.MAX_VALUE, 2 ** 60),
  fc.constantFrom(...edges, ...edges.map((edge) => -edge), -(2n ** 63n)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true }),
  fc.string({ unit: 'binary', maxLength: 60 }).filter((text) => text.isWellFormed()),
  fc.constantFrom('a\u0000b', '\u0000', 'é', '\u{10FFFF}', '\uFEFFx', 'x'.repeat(70_000), '𝄞'.repeat(9000)),
  fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.slice()),
  fc.uint8Array({ minLength: 8, maxLength: 8 }).map((bytes) => new DataView(bytes.slice().buffer, 2, 5)),
  fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }),
)

/** What comes out, or undefined where the mode of integers refuses. */
function out(value: BindValue, integers: IntegerMode): unknown {
  if (typeof value === 'boolean') return out(value ? 1 : 0, integers)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof DataView)
    return new Uint8Array(value.buffer.slice(value.byteOffset, value.byteOffset + 5) as ArrayBuffer)
  const whole = typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))
  if (!whole) return value
  const safe = Number.isSafeInteger(Number(value))
  if (integers === 'bigint') return BigInt(value as bigint)
  if (safe) return Number(value)
  return integers === 'auto' ? value : undefined
}

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
