// Recorded outcomes of which the store kept only a part.
import { expect, test } from 'vitest'
import { decodeOutcome, encodeOutcome, type RecordedOutcome } from '../../src/engine/outcome.ts'
import { LeaderLostError } from '../../src/errors/errors.ts'

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
