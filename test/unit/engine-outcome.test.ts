// Recorded outcomes of which the store kept only a part.
import { expect, test } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.ts'
import { decodeOutcome, encodeOutcome, type RecordedOutcome } from '../../src/engine/outcome.ts'
import { LeaderLostError } from '../../src/errors/errors.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { SIZES } from '../../src/store/format.ts'
import { startEngine } from '../support/engine-client.ts'

const rows = { columns: ['id', 'name'], chunks: [{ bytes: Uint8Array.from({ length: 90 }, (_, i) => i), count: 3 }] }
const statement = { changes: 3, lastInsertRowid: 7n }
const OUTCOMES: readonly RecordedOutcome[] = [
  { kind: 'result', statements: [statement] },
  { kind: 'result', statements: [{ ...statement, rows }] },
  { kind: 'batch', statements: [statement, { ...statement, rows }, statement] },
]

// When outcomes take too much space the store keeps 40 bytes of the oldest, then nothing but the fact that the request was
// applied. Decoding that ended in a RangeError, so the client was told of an internal error for a write that was applied.
test.each(OUTCOMES)('an outcome cut anywhere says that the request was applied and its result is lost', (outcome) => {
  const bytes = encodeOutcome(outcome, { changes: 3, totalChanges: 5, lastInsertRowid: 7n })
  expect(decodeOutcome(bytes)).toEqual(outcome)
  for (let kept = 0; kept < bytes.length; kept++) {
    let error: unknown
    try {
      decodeOutcome(bytes.subarray(0, kept))
    } catch (caught) {
      error = caught
    }
    expect(error, `${kept} of ${bytes.length} bytes`).toBeInstanceOf(LeaderLostError)
    expect(error).toMatchObject({ applied: 'yes', retryable: false })
  }
})

// Only the bytes of rows were bounded. An outcome of thousands of items, or of long column names, was larger than what the
// store keeps free for it; where the log ended there, the commit broke an invariant and took the engine down for every tab,
// again at each further attempt. More than 65 535 items were recorded with a wrong count.
test.each([
  ['many items without rows', [['INSERT INTO t VALUES(1)', undefined, 'rows']], 6000],
  ['items with RETURNING', [['INSERT INTO t VALUES(1) RETURNING *', undefined, 'rows']], 3000],
  ['a long column name', [[`INSERT INTO t VALUES(1) RETURNING a AS "${'n'.repeat(100_000)}"`, undefined, 'rows']], 1],
  ['more items than a u16 holds', [['INSERT INTO t VALUES(1)']], 65_540],
] as const)('a batch of %s fits into the log, wherever that ends', async (_, [item], count) => {
  const store = await BlockStore.open({ device: new MemoryDevice() })
  const { client } = await startEngine({ blocks: store, store })
  const db = client()
  await db.exec('CREATE TABLE t(a)')
  const repeats = count > 10_000 ? 1 : 12
  for (let i = 0; i < repeats; i++) {
    // Moves the place in the log.
    await db.run('INSERT INTO t VALUES(zeroblob(?))', [40_000])
    await db.batch(Array.from({ length: count }, () => item))
  }
  expect(await db.value('SELECT count(*) FROM t')).toBe(repeats * (count + 1))
  const recorded = store.outcomeOf(db.id, db.seq - 1)!
  expect(recorded.length).toBeLessThan(SIZES.originsBytesMax - 48)
  expect(() => decodeOutcome(recorded)).toThrow(expect.objectContaining({ applied: 'yes' }))
})
