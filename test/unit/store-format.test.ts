// Holds docs/format.md and the bytes that the code writes to the same layouts. `UPDATE_FORMAT=1` writes the tables anew.
import { readFileSync, writeFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Checksums } from '../../src/store/checksum.ts'
import { geometry, LAYOUTS, RECORD_COMMIT, roundUp, SECTOR, SUPERBLOCK } from '../../src/store/format.ts'
import { encodeRecord, peekRecord, recordBytes, verifyRecord } from '../../src/store/record.ts'
import { SegmentHeader } from '../../src/store/segment-header.ts'
import { decodeSuperblock, encodeSuperblock, type Superblock } from '../../src/store/superblock.ts'
import { formatTables, withTables } from '../support/format-tables.ts'

const DOCUMENT = 'docs/format.md'
const checksums = await Checksums.load()
const STORE_ID = '00112233445566778899aabbccddeeff'

test('docs/format.md shows every structure as the code lays it out', () => {
  const text = readFileSync(DOCUMENT, 'utf8')
  for (const name of formatTables().keys()) expect(text).toContain(`<!-- table:${name} -->`)
  if (process.env.UPDATE_FORMAT) writeFileSync(DOCUMENT, withTables(text))
  else expect(text).toBe(withTables(text))
})

test('every field of every layout comes back as it was written', () => {
  for (const layout of LAYOUTS) {
    const view = new DataView(new ArrayBuffer(layout.bytes))
    const values: Record<string, unknown> = {}
    let n = 1
    for (const [name, field] of Object.entries(layout.fields)) {
      const probe = field.get(view, field.at)
      values[name] = typeof probe === 'bigint' ? BigInt(++n) : typeof probe === 'string' ? STORE_ID : ++n
    }
    // biome-ignore lint/suspicious/noExplicitAny: one loop over layouts of different types
    layout.write(view, values as any)
    expect(layout.read(view)).toEqual(values)
  }
})

test('a superblock with any one bit flipped is not taken for a valid one', () => {
  const superblock = SUPERBLOCK.read(new DataView(new ArrayBuffer(SUPERBLOCK.bytes))) as Superblock
  const bytes = encodeSuperblock(
    { ...superblock, magic: 0x42535344, formatVersion: 1, storeId: STORE_ID, blockSize: 4096, generation: 7, term: 3 },
    checksums,
  )
  expect(decodeSuperblock(bytes, checksums).kind).toBe('valid')
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice()
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
    expect(decodeSuperblock(flipped, checksums).kind).not.toBe('valid')
  }
})

const content = fc.record({
  blocks: fc
    .uniqueArray(fc.nat(100_000), { maxLength: 4 })
    .chain((numbers) =>
      fc
        .tuple(...numbers.map((n) => fc.uint8Array({ minLength: 512, maxLength: 512 }).map((b) => [n, b] as const)))
        .map((l) => new Map(l)),
    ),
  fresh: fc.array(
    fc.record({ segment: fc.nat(9999), place: fc.nat(9999), headerChecksum: fc.bigInt(0n, (1n << 64n) - 1n) }),
    { maxLength: 3 },
  ),
  allocations: fc.array(fc.record({ block: fc.nat(9999), allocated: fc.boolean() }), { maxLength: 3 }),
  origins: fc.array(
    fc.record({
      kind: fc.constantFrom('request' as const, 'session-end' as const),
      client: fc.constant(STORE_ID),
      seq: fc.nat(),
      ackedThrough: fc.nat(),
      outcome: fc.uint8Array({ maxLength: 40 }),
    }),
    { maxLength: 3 },
  ),
})

const encode = (c: Parameters<typeof recordBytes>[0], algorithm = 1) => {
  const out = new Uint8Array(roundUp(recordBytes(c), SECTOR))
  const options = {
    type: RECORD_COMMIT,
    storeId: STORE_ID,
    term: 2,
    sequence: 2 ** 33 + 5,
    previous: 77n,
    durableSequence: 4,
  }
  encodeRecord(
    out,
    c,
    { ...options, timeMs: 1_700_000_000_000, sizeBlocks: 9, truncatedTo: 0xffffffff, algorithm },
    checksums,
  )
  return out
}

test('a record comes back as it was written, with its blocks at their payloads', () => {
  fc.assert(
    fc.property(content, fc.constantFrom(0, 1, 2, 3), (c, algorithm) => {
      const out = encode(c, algorithm)
      const head = peekRecord(out, STORE_ID)
      expect(head).toBeDefined()
      if (!head) return
      const record = verifyRecord(out, head, checksums)
      expect(record?.fresh.map(({ segment, place, headerChecksum }) => ({ segment, place, headerChecksum }))).toEqual(
        c.fresh,
      )
      expect(record?.allocations).toEqual(c.allocations)
      expect(record?.origins).toEqual(c.origins)
      expect(record?.blocks.map(({ block }) => block)).toEqual([...c.blocks.keys()])
      for (const block of record?.blocks ?? []) {
        const payload = out.subarray(block.at, block.at + block.length)
        expect(payload).toEqual(c.blocks.get(block.block))
        expect(checksums.block(algorithm, block.block, head.sequence, payload)).toBe(block.checksum)
      }
    }),
    { numRuns: 60 },
  )
})

test('a record torn at any sector or with any byte changed does not verify', () => {
  const out = encode({
    blocks: new Map([[3, new Uint8Array(1024).fill(5)]]),
    fresh: [],
    allocations: [],
    origins: [{ kind: 'request', client: STORE_ID, seq: 1, ackedThrough: 0, outcome: new Uint8Array(8) }],
  })
  const head = peekRecord(out, STORE_ID)
  expect(head && verifyRecord(out, head, checksums)).toBeDefined()
  for (let at = 0; at < (head?.totalBytes ?? 0); at += 7) {
    const changed = out.slice()
    changed[at] = (changed[at] ?? 0) ^ 0x40
    const peeked = peekRecord(changed, STORE_ID)
    expect(peeked && verifyRecord(changed, peeked, checksums)).toBeUndefined()
  }
})

test("another store's record is not ours", () => {
  const out = encode({ blocks: new Map(), fresh: [], allocations: [], origins: [] })
  expect(peekRecord(out, 'f'.repeat(32))).toBeUndefined()
})

test('a block checksum is bound to the block number and the commit', () => {
  const bytes = new Uint8Array(4096).fill(9)
  for (const algorithm of [1, 2, 3]) {
    const value = checksums.block(algorithm, 5, 10, bytes)
    expect(checksums.block(algorithm, 6, 10, bytes)).not.toBe(value)
    expect(checksums.block(algorithm, 5, 11, bytes)).not.toBe(value)
    expect(checksums.block(algorithm, 5, 10, bytes)).toBe(value)
  }
})

test('a segment header is accepted only for its segment and its checksum', () => {
  const g = geometry(4096)
  const header = SegmentHeader.empty(g)
  header.set(3, { sequence: 8, checksum: 1n, algorithm: 1, length: 4096, modifiedSeconds: 2 })
  const checksum = header.seal({ segment: 4, storeId: STORE_ID, term: 1, sequence: 8 }, checksums)
  expect(header.verify(4, checksum, checksums)).toBe(true)
  expect(header.verify(5, checksum, checksums)).toBe(false)
  expect(header.verify(4, checksum + 1n, checksums)).toBe(false)
  expect(header.entry(3)).toEqual({ sequence: 8, checksum: 1n, algorithm: 1, length: 4096, modifiedSeconds: 2 })
  header.bytes[64 + 3 * 56 + 20] = 1
  expect(header.verify(4, checksum, checksums)).toBe(false)
})
