// Each class of error is made on one side of a real port and looked at on the other.

import { expect, test } from 'vitest'
import * as errors from '../../src/errors/errors.ts'
import { fromWireError, toWireError } from '../../src/errors/wire.ts'

const samples: errors.DataSyncError[] = [
  new errors.DataSyncError('internal', 'something', { retryable: true }),
  new errors.SqliteError('SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed', {
    errno: 2067,
    sql: 'INSERT',
    offset: 3,
  }),
  new errors.SqliteError('SQLITE_ERROR', 'no such table', { errno: 1 }),
  new errors.StorageError('corrupt', 'block 7 is damaged', { block: 7 }),
  new errors.StorageError('quota', 'no space', { cause: new TypeError('inner') }),
  new errors.ImportError('import-truncated', 'the file ends too early'),
  new errors.BindError('no such value', ':id'),
  new errors.BindError('no such value', 3),
  new errors.UsageError('multiple-statements', 'one only'),
  new errors.LeaderLostError('no', 'gone'),
  new errors.LeaderLostError('yes', 'gone'),
  new errors.LeaderLostError('partly', 'gone'),
  new errors.LeaderLostError('unknown', 'gone'),
  new errors.TimeoutError('late', { retryable: true }),
  new errors.AbortError('stopped'),
  new errors.ClosedError('closed'),
  new errors.AssetLoadError('no worker', { url: 'https://example.org/worker.js' }),
  new errors.TransactionDeadlockError('waits on itself'),
  new errors.VersionTooNewError('newer'),
  new errors.SnapshotConflictError('old'),
  new errors.SnapshotTooOldError('too old'),
]

test('the samples below hold every class of errors.ts', () => {
  const classes = Object.values(errors).filter((value) => typeof value === 'function')
  expect(new Set(samples.map((sample) => sample.constructor))).toEqual(new Set(classes))
})

for (const [index, sample] of samples.entries()) {
  test(`${sample.name} ${sample.code} (${index}) keeps class, code, message and every fact across a structured clone`, () => {
    const rebuilt = fromWireError(structuredClone(toWireError(sample)))
    expect(rebuilt).toBeInstanceOf(sample.constructor)
    expect(rebuilt.constructor).toBe(sample.constructor)
    expect(rebuilt.message).toBe(sample.message)
    expect(publicFacts(rebuilt)).toEqual(publicFacts(sample))
    if (sample.cause instanceof Error) {
      expect(rebuilt.cause).toMatchObject({ name: sample.cause.name, message: sample.cause.message })
    } else {
      expect(rebuilt.cause).toBeUndefined()
    }
  })
}

test('a cause that is one of this package keeps class, code and its own cause', () => {
  const quota = new errors.StorageError('quota', 'no space', { cause: new TypeError('inner') })
  const sample = new errors.SqliteError('SQLITE_FULL', 'full', { errno: 13, cause: quota })
  const { cause } = fromWireError(structuredClone(toWireError(sample)))
  expect(cause).toBeInstanceOf(errors.StorageError)
  expect(cause).toMatchObject({ code: 'quota', message: 'no space', cause: { name: 'TypeError', message: 'inner' } })
})

test('an error of another kind becomes code internal and keeps its message', () => {
  const rebuilt = fromWireError(structuredClone(toWireError(new RangeError('offset is out of bounds'))))
  expect(rebuilt).toBeInstanceOf(errors.DataSyncError)
  expect(rebuilt.code).toBe('internal')
  expect(rebuilt.message).toContain('offset is out of bounds')
})

test('a thrown value that is no error becomes code internal', () => {
  expect(fromWireError(toWireError('text')).message).toBe('text')
  expect(fromWireError(toWireError({ a: 1 })).code).toBe('internal')
})

test('a class that this release does not know becomes the root class with its code', () => {
  const rebuilt = fromWireError({ class: 'FutureError', code: 'future', message: 'later', facts: {} })
  expect(rebuilt.constructor).toBe(errors.DataSyncError)
  expect(rebuilt.code).toBe('future')
})

function publicFacts(error: errors.DataSyncError): Record<string, unknown> {
  const { stack, cause, ...facts } = error
  return { ...facts, name: error.name }
}
