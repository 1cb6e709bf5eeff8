// Records of the log: a commit, or a mark (which only claims that everything so far is synced). A record is one device
// write, can be checked alone by its checksum, and counts only if the chain of predecessors holds.
//
//   [ head 128 ][ block entries 64 each ][ fresh entries 16 each ][ allocation entries 8 each ][ origins ][ payloads ]
//
// It stands apart because writing, recovery and the format's test share it and nothing else does.
import { assert } from './assert.ts'
import type { Stored } from './block-index.ts'
import type { Checksums } from './checksum.ts'
import {
  ALLOCATION_ENTRY,
  BLOCK_ENTRY,
  FORMAT_VERSION,
  FRESH_ENTRY,
  ORIGIN,
  RECORD,
  RECORD_ENTRY,
  RECORD_ENTRY_BLOCK_AT,
  RECORD_MAGIC,
  roundUp,
  SECTOR,
} from './format.ts'
import type { Values } from './layout.ts'

export type RecordHead = Values<typeof RECORD.fields>

export interface OriginRecord {
  /** `applied` stands in side tables only: its outcome is a bit per applied request beyond `seq`. */
  readonly kind: 'request' | 'session-end' | 'applied'
  readonly client: string
  readonly seq: number
  readonly ackedThrough: number
  readonly outcome: Uint8Array
}

export interface FreshEntry {
  readonly segment: number
  readonly place: number
  readonly headerChecksum: bigint
}

export interface AllocationEntry {
  readonly block: number
  readonly allocated: boolean
}

/** A block of the record; `at` is its payload's offset from the start of the record. */
export interface RecordBlock extends Stored {
  readonly block: number
  readonly at: number
}

export interface RecordContent {
  readonly blocks: ReadonlyMap<number, Uint8Array>
  readonly fresh: readonly FreshEntry[]
  readonly allocations: readonly AllocationEntry[]
  readonly origins: readonly OriginRecord[]
}

/** A record whose checksum holds. Whether it counts is the chain's business. */
export interface VerifiedRecord {
  readonly head: RecordHead
  readonly blocks: readonly RecordBlock[]
  readonly fresh: readonly FreshEntry[]
  readonly allocations: readonly AllocationEntry[]
  readonly origins: readonly OriginRecord[]
}

const KINDS = ['request', 'session-end', 'applied'] as const

/** Bytes of an origin as it is stored. */
export const originBytes = (origin: OriginRecord): number => ORIGIN.bytes + roundUp(origin.outcome.length, 8)

/** Bytes of the record before rounding up to a sector. */
export function recordBytes(content: RecordContent): number {
  let bytes =
    RECORD.bytes +
    content.blocks.size * RECORD_ENTRY.bytes +
    content.fresh.length * FRESH_ENTRY.bytes +
    content.allocations.length * ALLOCATION_ENTRY.bytes
  for (const origin of content.origins) bytes += originBytes(origin)
  return bytes + payloadBytes(content)
}

function payloadBytes({ blocks }: RecordContent): number {
  let bytes = 0
  for (const payload of blocks.values()) bytes += payload.length
  return bytes
}

export interface EncodeOptions {
  readonly type: number
  readonly storeId: string
  readonly term: number
  readonly sequence: number
  readonly previous: bigint
  readonly durableSequence: number
  readonly timeMs: number
  readonly sizeBlocks: number
  readonly truncatedTo: number
  /** Checksum algorithm for the blocks. */
  readonly algorithm: number
}

/** Writes the record into `out`, which is exactly `recordBytes` rounded up to a sector; returns what was written. */
export function encodeRecord(
  out: Uint8Array,
  content: RecordContent,
  options: EncodeOptions,
  checksums: Checksums,
): VerifiedRecord {
  const totalBytes = recordBytes(content)
  assert(out.length === roundUp(totalBytes, SECTOR), 'a record has exactly the room it needs')
  out.fill(0, 0, totalBytes - payloadBytes(content))
  out.fill(0, totalBytes)
  const view = new DataView(out.buffer, out.byteOffset, out.length)
  let at = RECORD.bytes + content.blocks.size * RECORD_ENTRY.bytes
  for (const fresh of content.fresh) {
    FRESH_ENTRY.write(view, fresh, at)
    at += FRESH_ENTRY.bytes
  }
  for (const { block, allocated } of content.allocations) {
    ALLOCATION_ENTRY.write(view, { block, allocated: allocated ? 1 : 0 }, at)
    at += ALLOCATION_ENTRY.bytes
  }
  const originsAt = at
  for (const origin of content.origins) at += encodeOrigin(out, view, at, origin)
  const originsBytes = at - originsAt
  const blocks: RecordBlock[] = []
  const modifiedSeconds = Math.floor(options.timeMs / 1000)
  let entryAt = RECORD.bytes
  for (const [block, payload] of content.blocks) {
    out.set(payload, at)
    const stored: RecordBlock = {
      block,
      at,
      sequence: options.sequence,
      checksum: checksums.block(options.algorithm, block, options.sequence, payload),
      algorithm: options.algorithm,
      length: payload.length,
      modifiedSeconds,
    }
    const { sequence, checksum, algorithm, length } = stored
    RECORD_ENTRY.write(view, { block, payloadAt: at }, entryAt)
    BLOCK_ENTRY.write(
      view,
      { sequence, checksum, algorithm, length, modifiedSeconds, codec: 0, reserved: 0 },
      entryAt + RECORD_ENTRY_BLOCK_AT,
    )
    blocks.push(stored)
    entryAt += RECORD_ENTRY.bytes
    at += payload.length
  }
  assert(at === totalBytes, 'a record is as long as was computed')
  const head: RecordHead = {
    magic: RECORD_MAGIC,
    formatVersion: FORMAT_VERSION,
    type: options.type,
    checksum: 0n,
    storeId: options.storeId,
    term: options.term,
    sequence: options.sequence,
    previous: options.previous,
    durableSequence: options.durableSequence,
    timeMs: options.timeMs,
    sizeBlocks: options.sizeBlocks,
    truncatedTo: options.truncatedTo,
    entries: content.blocks.size,
    freshSegments: content.fresh.length,
    originsBytes,
    allocations: content.allocations.length,
    totalBytes,
    reserved: 0,
  }
  RECORD.write(view, head)
  head.checksum = checksums.structure(out.subarray(0, totalBytes))
  view.setBigUint64(RECORD.at.checksum, head.checksum, true)
  return { head, blocks, fresh: content.fresh, allocations: content.allocations, origins: content.origins }
}

/** The head at the start of `bytes` if it could be a record of this store; nothing is verified yet. */
export function peekRecord(bytes: Uint8Array, storeId: string): RecordHead | undefined {
  if (bytes.length < RECORD.bytes) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  if (view.getUint32(0, true) !== RECORD_MAGIC) return undefined
  const head = RECORD.read(view)
  if (head.formatVersion !== FORMAT_VERSION || head.storeId !== storeId) return undefined
  const fixed =
    RECORD.bytes +
    head.entries * RECORD_ENTRY.bytes +
    head.freshSegments * FRESH_ENTRY.bytes +
    head.allocations * ALLOCATION_ENTRY.bytes +
    head.originsBytes
  return head.totalBytes >= fixed ? head : undefined
}

/** The record that `bytes` (exactly `head.totalBytes` long) holds, or undefined if its checksum does not hold. */
export function verifyRecord(bytes: Uint8Array, head: RecordHead, checksums: Checksums): VerifiedRecord | undefined {
  const copy = bytes.slice(0, head.totalBytes)
  const view = new DataView(copy.buffer)
  view.setBigUint64(RECORD.at.checksum, 0n, true)
  if (copy.length !== head.totalBytes || checksums.structure(copy) !== head.checksum) return undefined
  const blocks: RecordBlock[] = []
  let at: number = RECORD.bytes
  for (let i = 0; i < head.entries; i++, at += RECORD_ENTRY.bytes) {
    const { block, payloadAt } = RECORD_ENTRY.read(view, at)
    const entry = BLOCK_ENTRY.read(view, at + RECORD_ENTRY_BLOCK_AT)
    blocks.push({ block, at: payloadAt, ...entry })
  }
  const fresh: FreshEntry[] = []
  for (let i = 0; i < head.freshSegments; i++, at += FRESH_ENTRY.bytes) fresh.push(FRESH_ENTRY.read(view, at))
  const allocations: AllocationEntry[] = []
  for (let i = 0; i < head.allocations; i++, at += ALLOCATION_ENTRY.bytes) {
    const entry = ALLOCATION_ENTRY.read(view, at)
    allocations.push({ block: entry.block, allocated: entry.allocated === 1 })
  }
  return { head, blocks, fresh, allocations, origins: decodeOrigins(copy, view, at, at + head.originsBytes) }
}

export function encodeOrigin(out: Uint8Array, view: DataView, at: number, origin: OriginRecord): number {
  const { client, seq, ackedThrough, outcome } = origin
  ORIGIN.write(
    view,
    { client, seq, ackedThrough, outcomeBytes: outcome.length, kind: KINDS.indexOf(origin.kind) + 1, reserved: 0 },
    at,
  )
  out.set(outcome, at + ORIGIN.bytes)
  return originBytes(origin)
}

/** The origins between two offsets. Throws if they do not fill the range: the bytes were verified before. */
export function decodeOrigins(bytes: Uint8Array, view: DataView, from: number, to: number): OriginRecord[] {
  const origins: OriginRecord[] = []
  let at = from
  while (at < to) {
    const { client, seq, ackedThrough, outcomeBytes, kind } = ORIGIN.read(view, at)
    const outcome = bytes.slice(at + ORIGIN.bytes, at + ORIGIN.bytes + outcomeBytes)
    const origin: OriginRecord = { kind: KINDS[kind - 1] ?? 'request', client, seq, ackedThrough, outcome }
    origins.push(origin)
    at += originBytes(origin)
  }
  assert(at === to, 'origins fill their range')
  return origins
}
