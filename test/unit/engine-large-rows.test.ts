// Rows larger than `rowBytesMax` travel in pieces and what a batch gives in parts, so that no message is larger than a
// chunk and one such row, and the worker holds no more of a large row than its client has room for.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { FromEngine, Request } from '../../src/protocol/messages.ts'
import type { ArrayRow } from '../../src/protocol/row-reader.ts'
import { CHUNK_BYTES } from '../../src/protocol/value-codec.ts'
import type { BindValue } from '../../src/protocol/value-writer.ts'
import { startEngine, type TestClient } from '../support/engine-client.ts'

const COLUMNS = 4
/** Mostly small; some around the sizes at which rows are cut, some far larger. */
const anySize = fc.oneof(fc.nat(60), fc.integer({ min: 4000, max: 4200 }), fc.nat(30_000))
const anyValue: fc.Arbitrary<BindValue> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(null, 0, -1, 2 ** 31, 0.5, 2 ** 53 - 1) },
  { weight: 1, arbitrary: anySize.map((size) => new Uint8Array(size).map((_, i) => i * 13 + size)) },
  { weight: 1, arbitrary: anySize.map((size) => 'aé𝄞'.repeat(Math.ceil(size / 7))) },
)
const anyRows = fc.array(fc.array(anyValue, { minLength: COLUMNS, maxLength: COLUMNS }), { minLength: 1, maxLength: 8 })

const SELECT = 'SELECT a, b, c, d FROM t ORDER BY rowid'
const INSERT = 'INSERT INTO t(a, b, c, d) VALUES (?, ?, ?, ?)'

async function reads(db: TestClient): Promise<Record<string, ArrayRow[]>> {
  const streamed = db.request({
    type: 'statement',
    sql: SELECT,
    parameters: undefined,
    want: 'rows',
    stream: true,
  })
  const transaction = await db.begin('readonly')
  const inside = await db.query(SELECT, undefined, transaction)
  await db.end(transaction)
  const [, all, again] = await db.batch([
    ['SELECT 1', undefined, 'rows'],
    [SELECT, undefined, 'rows'],
    [SELECT, undefined, 'rows'],
  ])
  return {
    query: await db.query(SELECT),
    stream: (await db.result(streamed)).rows,
    transaction: inside,
    batch: all!.rows,
    'the next item of the batch': again!.rows,
    RETURNING: await db.query('UPDATE t SET a = a RETURNING a, b, c, d'),
  }
}

describe('rows of any size', () => {
  it('come back as they are through every way, whatever the size from which on they are cut', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, fc.constantFrom(1, 4096, 5000, 20_000, 1 << 20), async (rows, rowBytesMax) => {
        const { client } = await startEngine({ rowBytesMax })
        const db = client()
        await db.exec('CREATE TABLE t(a, b, c, d)')
        for (const row of rows) await db.run(INSERT, row)
        for (const [way, seen] of Object.entries(await reads(db))) expect(digest(seen), way).toEqual(digest(rows))
        expect(digest([[await db.value('SELECT d FROM t')]])).toEqual(digest([[rows[0]![3]]]))
      }),
      { numRuns: 40 },
    )
  })

  it('are in messages no larger than a chunk and the largest row that is not cut', async () => {
    const rowBytesMax = 100_000
    const { client } = await startEngine({ rowBytesMax })
    const db = client()
    await db.exec('CREATE TABLE t(a, b, c, d)')
    const small = Array.from({ length: 30 }, (_, i) => 70_000 + i * 1000)
    const sizes = [10, ...small, 3_000_000, 99_000, 200_000, 5, ...small, 9_000_000]
    await db.batch(sizes.map((size) => [INSERT, [size, new Uint8Array(size), null, 'x']]))
    for (const seen of Object.values(await reads(db))) expect(seen.map(([size]) => size)).toEqual(sizes)
    expect(db.payloadBytesMax).toBeGreaterThan(CHUNK_BYTES)
    expect(db.payloadBytesMax).toBeLessThanOrEqual(CHUNK_BYTES + rowBytesMax)
  })

  it('answer a batch of many items in parts that need credit, and a small one in one message', async () => {
    const { client } = await startEngine()
    const db = client()
    const items = Array.from({ length: 40 }, () => ['SELECT hex(zeroblob(100000)) || ?', ['x'], 'rows'] as const)
    const before = db.messages
    const results = await db.batch(items)
    expect(results.map(({ rows }) => (rows[0]![0] as string).length)).toEqual(items.map(() => 200_001))
    expect(db.messages - before).toBeGreaterThanOrEqual(8)
    expect(db.payloadBytesMax).toBeLessThanOrEqual(2 * CHUNK_BYTES)
    const then = db.messages
    await db.batch([
      ['SELECT 1', undefined, 'rows'],
      ['SELECT 2', undefined, 'rows'],
    ])
    expect(db.messages - then).toBe(1)
  })
})

describe('a row of 48 MB', () => {
  const BYTES = 48 << 20

  it.each([
    ['a query', {}],
    ['a stream', { stream: true }],
  ])('is never held by the worker as a whole for %s: it sends what is credited', async (_, options) => {
    const { client, engine } = await startEngine()
    await client().exec(`CREATE TABLE t(v); INSERT INTO t VALUES (zeroblob(${BYTES}))`)
    const id = 'f'.repeat(32)
    let chunks = 0
    let bytes = 0
    let peakBytes = 0
    let settled: string | undefined
    const collect = collector()
    collect()
    const beforeBytes = process.memoryUsage().arrayBuffers
    const post = (message: FromEngine) => {
      if (message.type !== 'answers') return
      bytes += message.payload?.byteLength ?? 0
      for (const answer of message.answers) {
        if (answer.type === 'chunk') chunks++
        else settled = answer.type
      }
      if (chunks % 8 === 0) {
        collect()
        peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - beforeBytes)
      }
    }
    const settings = {
      durability: 'relaxed',
      foreignKeys: true,
      sync: { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 },
    } as const
    engine.attach(id, settings, { post })
    const send = (request: Request) =>
      engine.receive({ type: 'requests', client: id, ackedThrough: 0, requests: [request] })
    send({
      type: 'statement',
      seq: 1,
      timeoutMs: 0,
      sql: 'SELECT v FROM t',
      parameters: undefined,
      want: 'rows',
      ...options,
    })
    await settle()
    expect(chunks).toBe(4)
    while (settled === undefined) {
      const before = chunks
      send({ type: 'credit', target: 1, chunks: 1 })
      await settle()
      expect(chunks - before).toBeLessThanOrEqual(1)
    }
    expect(settled).toBe('result')
    expect(bytes).toBe(BYTES + 5)
    expect(peakBytes).toBeLessThan(12 << 20)
  })
})

/** Equal for equal rows; a comparison of arrays of bytes would take longer than everything else. */
function digest(rows: readonly (readonly unknown[])[]): unknown[] {
  return rows.map((row) =>
    row.map((value) => (value instanceof Uint8Array ? `blob ${Buffer.from(value).toString('base64')}` : value)),
  )
}

function collector(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: () => void = runInNewContext('gc')
  return () => {
    gc()
    gc()
  }
}

/** Lets everything that waits for nothing but a turn happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}
