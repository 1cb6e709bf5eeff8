// What passes the two parsers and what does not. The malformed messages are made from good ones by one change each.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { UsageError } from '../../src/errors/errors.ts'
import type { FromEngine, ToEngine } from '../../src/protocol/messages.ts'
import { parseFromEngine, parseToEngine } from '../../src/protocol/parse.ts'

const sync = { intervalMs: 1000, debounceMs: 250, maxDirtyBytes: 1, maxDirtyBlocks: 1 }
const start = {
  name: 'app.db',
  storage: 'auto',
  blockSize: 4096,
  checksum: 'xxhash64',
  cacheBytes: 1,
  rowBytesMax: 1,
  debug: false,
} as const
const base = { timeoutMs: 30_000 }
const parameters = { at: 0, bytes: 8, count: 1, names: [':id'] }
const error = { class: 'SqliteError', code: 'SQLITE_ERROR', message: 'no', facts: {} }
const result = { changes: 0, lastInsertRowid: 0n, queuedMs: 0, ranMs: 0 }

const goodToEngine: ToEngine[] = [
  { type: 'hello', protocol: 1, client: 'c', settings: { durability: 'strict', foreignKeys: true, sync }, start },
  { type: 'goodbye', client: 'c' },
  { type: 'wasm', wasm: { url: 'https://example.org/sqlite3.wasm' } },
  {
    type: 'requests',
    client: 'c',
    ackedThrough: 0,
    payload: new ArrayBuffer(8),
    requests: [
      { ...base, seq: 1, type: 'statement', sql: 'SELECT ?', parameters, want: 'rows' },
      { ...base, seq: 2, type: 'script', sql: 'SELECT 1', transaction: 1 },
      { ...base, seq: 3, type: 'bulk', sql: 'x', sets: parameters, setCount: 1, valuesPerSet: 1, bulk: 3, last: true },
      { ...base, seq: 4, type: 'batch', items: [{ sql: 'x', parameters, want: 'changes' }] },
      { ...base, seq: 5, type: 'begin', transaction: 1, mode: 'immediate', lifetimeMs: 0 },
      { ...base, seq: 6, type: 'end', transaction: 1, action: 'commit' },
      { ...base, seq: 7, type: 'savepoint', transaction: 1, action: 'open', depth: 1 },
      { ...base, seq: 8, type: 'prepare', sql: 'x' },
      { ...base, seq: 9, type: 'maintenance', action: 'sync' },
      { type: 'cancel', target: 1 },
      { type: 'credit', target: 1, chunks: 1 },
    ],
  },
]

const goodFromEngine: FromEngine[] = [
  {
    type: 'ready',
    protocol: 1,
    info: {
      storage: 'opfs',
      why: [],
      blockSize: 4096,
      checksum: 'none',
      persisted: false,
      created: true,
      sqliteVersion: '3.54.1',
      contentId: '5'.repeat(32),
      term: 1,
      storeId: 'ab',
      readOnly: false,
    },
  },
  { type: 'failed', error },
  { type: 'closed' },
  { type: 'event', event: { name: 'terminated', error } },
  {
    type: 'answers',
    payload: new ArrayBuffer(4),
    answers: [
      { type: 'result', seq: 1, ...result, columns: ['a'], rows: { at: 0, bytes: 4, count: 4 } },
      { type: 'chunk', seq: 1, rows: { at: 0, bytes: 4, count: 4 } },
      { type: 'batch-result', seq: 2, results: [result] },
      { type: 'done', seq: 3 },
      { type: 'prepared', seq: 4, columns: [], parameterNames: [], readonly: true },
      { type: 'report', seq: 5, report: { kind: 'metrics', metrics: {} } },
      { type: 'error', seq: 6, error },
    ],
  },
]

test('every message of the protocol passes, after a structured clone', () => {
  for (const message of goodToEngine) expect(parseToEngine(structuredClone(message))).toEqual(message)
  for (const message of goodFromEngine) expect(parseFromEngine(structuredClone(message))).toEqual(message)
})

test('a hello of another protocol version passes by its number alone, so that it can be refused by it', () => {
  expect(parseToEngine({ type: 'hello', protocol: 99, client: 'c', novelty: 1 })).toMatchObject({ protocol: 99 })
})

test('anything that is no message is refused with code protocol', () => {
  fc.assert(
    fc.property(fc.anything(), (data) => {
      for (const parse of [parseToEngine, parseFromEngine]) expect(() => parse(data)).toThrow(UsageError)
    }),
  )
})

test('a message with one field taken away or of another type is refused with code protocol', () => {
  // Optional fields may be missing, so only the change of type is tried on them.
  const optional = new Set(['names', 'parameters', 'transaction', 'start', 'payload', 'columns', 'rows'])
  // Not looked at by the parser: meaning, not shape.
  const unchecked = /info\.(?!storage|why)|report\.metrics|queuedMs$|ranMs$/
  for (const [parse, messages] of [
    [parseToEngine, goodToEngine],
    [parseFromEngine, goodFromEngine],
  ] as const) {
    for (const message of messages) {
      for (const path of pathsOf(message)) {
        if (unchecked.test(path)) continue
        const name = path.split('.').at(-1)!
        for (const change of optional.has(name) ? ['retype'] : ['retype', 'remove']) {
          const spoilt = structuredClone(message)
          spoil(spoilt, path.split('.'), change === 'remove')
          expect(() => parse(spoilt), `${message.type}: ${change} ${path}`).toThrow(
            expect.objectContaining({ code: 'protocol' }),
          )
        }
      }
    }
  }
})

test.each([
  ['durability', 'Strict'],
  ['storage', 'disk'],
  ['checksum', 'md5'],
  ['want', 'row'],
  ['mode', 'exclusive'],
  ['action', 'abort'],
])('an unknown word in the field %s is refused with code protocol', (name, other) => {
  let changed = 0
  for (const message of goodToEngine)
    for (const path of pathsOf(message).filter((one) => one.split('.').at(-1) === name)) {
      const spoilt = structuredClone(message)
      put(spoilt, path.split('.'), other)
      expect(() => parseToEngine(spoilt), path).toThrow(expect.objectContaining({ code: 'protocol' }))
      changed++
    }
  expect(changed).toBeGreaterThan(0)
})

test('a range outside the payload is refused', () => {
  const request = {
    ...base,
    seq: 1,
    type: 'statement',
    sql: 'x',
    want: 'rows',
    parameters: { at: 4, bytes: 5, count: 1 },
  }
  const message = { type: 'requests', client: 'c', ackedThrough: 0, requests: [request], payload: new ArrayBuffer(8) }
  expect(() => parseToEngine(message)).toThrow(/outside the payload/)
  expect(() => parseToEngine({ ...message, payload: undefined })).toThrow(/outside the payload/)
})

function pathsOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || value instanceof ArrayBuffer) return []
  return Object.entries(value).flatMap(([name, child]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    return Array.isArray(value) ? pathsOf(child, path) : [path, ...pathsOf(child, path)]
  })
}

function spoil(target: object, path: readonly string[], remove: boolean): void {
  const [name, ...rest] = path
  const value: unknown = Reflect.get(target, name!)
  if (rest.length > 0) spoil(value as object, rest, remove)
  else if (remove) Reflect.deleteProperty(target, name!)
  else Reflect.set(target, name!, typeof value === 'symbol' ? 1 : () => 'neither')
}

function put(target: object, path: readonly string[], value: string): void {
  const [name, ...rest] = path
  if (rest.length > 0) put(Reflect.get(target, name!) as object, rest, value)
  else Reflect.set(target, name!, value)
}
