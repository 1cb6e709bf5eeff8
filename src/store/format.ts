// The bytes of a store, version 1: every structure that outlives the process, as layouts, and the geometry of the areas.
// It stands apart so that the format is read in one place; docs/format.md shows the same tables and a test compares them.
//
//   main:   superblock A at 0, superblock B at 64 KiB, from 128 KiB table place 0, table place 1, side place 0,
//           side place 1 (1 MiB each), then segment places, one after another
//   log-0, log-1: records, each at a multiple of 512 bytes; the last 512 bytes of a log are kept for a mark
//
// Invariants: a structure counts only if its checksum holds; the checksum's place in a superblock is the same in every
// version; numbers in reserved bytes are written as zero and not looked at.
import { id16, layout, sum, u8, u16, u32, u53 } from './layout.ts'

export const FORMAT_VERSION = 1
export const SECTOR = 512
export const KIB = 1024
export const MIB = 1024 * 1024

export const SUPERBLOCK_AT: readonly [number, number] = [0, 64 * KIB]
export const TABLE_BYTES_MAX = MIB
export const TABLE_AT: readonly [number, number] = [128 * KIB, 128 * KIB + MIB]
export const SIDE_BYTES_MAX = MIB
export const SIDE_AT: readonly [number, number] = [128 * KIB + 2 * MIB, 128 * KIB + 3 * MIB]
export const SEGMENTS_AT = 128 * KIB + 4 * MIB
export const SEGMENT_BYTES = 256 * KIB

/** Sizes of a store that a test may make smaller, so that it meets their ends sooner. */
export interface Sizes {
  /** Bytes of the blocks of one segment of a new store. */
  readonly segmentBytes: number
  readonly logBytesMin: number
  readonly logBytesMax: number
  /** A log grows in steps of this. */
  readonly logStepBytes: number
  /** Room kept in each record for the origins that its publication brings. */
  readonly originsBytesMax: number
  /** Bytes of all outcomes in the side table beyond which the oldest are cut, and in the end commits wait. */
  readonly outcomesBytesMax: number
  /** Blocks on their way to fresh segments are written together once they come to this. */
  readonly spillBytes: number
}

export const SIZES: Sizes = {
  segmentBytes: SEGMENT_BYTES,
  logBytesMin: MIB,
  logBytesMax: 16 * MIB,
  logStepBytes: MIB,
  originsBytesMax: 72 * KIB,
  outcomesBytesMax: 512 * KIB,
  spillBytes: MIB,
}

export const BLOCK_SIZE_MIN = 512
export const BLOCK_SIZE_MAX = 65536

export const SUPERBLOCK_MAGIC = 0x42535344 // "DSSB"
export const RECORD_MAGIC = 0x43525344 // "DSRC"
export const HEADER_MAGIC = 0x48535344 // "DSSH"
export const SIDE_MAGIC = 0x54535344 // "DSST"

export const SUPERBLOCK = layout('Superblock', SECTOR, {
  magic: u32(0, '"DSSB"'),
  formatVersion: u16(4, 'version of everything in this store; others are never opened'),
  checksumsUsed: u16(6, 'bit per checksum algorithm that some block may carry (bit 1 << id)'),
  checksum: sum(8, 'xxHash64 of these 512 bytes with this field zero; same place in every version'),
  storeId: id16(16, 'made at creation, in every structure of the store'),
  generationId: id16(32, 'made anew when the whole content is replaced'),
  generation: u53(48, 'grows with every superblock write; the highest valid one counts'),
  term: u53(56, 'the owner that wrote it; grows with every opening'),
  blockSize: u32(64, 'bytes per block, a power of two from 512 to 65536'),
  sizeBlocks: u32(68, 'size in blocks at foldedSequence'),
  foldedSequence: u53(72, 'F: commits up to here are in the home segments'),
  durableSequence: u53(80, 'newest sequence known to be synced when this was written'),
  replayOffset: u53(88, 'where the first record after F stands'),
  replayTerm: u53(96, 'term of the record before it'),
  replayChecksum: sum(104, 'checksum of the record before it; 0 in a new store'),
  endOffset: u53(112, 'E: end of the chain when this was written'),
  endTerm: u53(120, 'term of the record that ends at E'),
  endChecksum: sum(128, 'checksum of the record that ends at E'),
  endSequence: u53(136, 'newest sequence at E'),
  replayLog: u8(144, '0 or 1'),
  endLog: u8(145, '0 or 1'),
  tablePlace: u8(146, '0 or 1: which table place is in force'),
  sidePlace: u8(147, '0 or 1: which side place is in force'),
  tableEntries: u32(148, 'segments in the table'),
  tableChecksum: sum(152, 'xxHash64 of the table'),
  sideBytes: u32(160, 'bytes of the side table'),
  segmentBytes: u32(164, 'bytes of the blocks of one segment; 0: 262144'),
  sideChecksum: sum(168, 'xxHash64 of the side table'),
  createdMs: u53(176, 'milliseconds since 1970'),
  writtenMs: u53(184, 'milliseconds since 1970'),
})

export const RECORD_COMMIT = 1
export const RECORD_MARK = 2
/** `truncatedTo` of a record that cut nothing off. */
export const NOT_TRUNCATED = 0xffff_ffff

export const RECORD = layout('Record', 128, {
  magic: u32(0, '"DSRC"'),
  formatVersion: u16(4, 'as in the superblock'),
  type: u16(6, '1 commit, 2 mark (no blocks, no sequence of its own)'),
  checksum: sum(8, 'the commit marker: xxHash64 of the whole record with this field zero'),
  storeId: id16(16, 'as in the superblock'),
  term: u53(32, 'the owner that wrote it'),
  sequence: u53(40, 'number of this commit, dense; a mark repeats the last one'),
  previous: sum(
    48,
    'checksum of the record before; where the term changed, xxHash64 of that checksum and the new term',
  ),
  durableSequence: u53(56, 'newest sequence known to be synced when this was written'),
  timeMs: u53(64, 'milliseconds since 1970'),
  sizeBlocks: u32(72, 'size in blocks after this commit'),
  truncatedTo: u32(
    76,
    'smallest size in blocks that this transaction passed through; 0xffffffff: none below the size before',
  ),
  entries: u32(80, 'block entries that follow, each with a payload in the record'),
  freshSegments: u32(84, 'fresh-segment entries that follow'),
  originsBytes: u32(88, 'bytes of the origins that follow'),
  allocations: u32(92, 'allocation entries that follow'),
  totalBytes: u32(96, 'bytes of the whole record; the next one starts at the next multiple of 512'),
  reserved: u32(100, 'zero'),
})

/** What is known of one stored block; the same in a record's entry and in a segment's header. */
export const BLOCK_ENTRY = layout('Block entry', 56, {
  sequence: u53(0, 'commit that wrote the block; 0: never written, reads as zeros'),
  checksum: sum(8, 'over the stored bytes, bound to block number and sequence'),
  modifiedSeconds: u32(16, 'seconds since 1970'),
  length: u32(20, 'stored bytes'),
  algorithm: u8(24, 'checksum algorithm: 0 none, 1 xxHash64, 2 CRC32C, 3 BLAKE3 (first 64 bits)'),
  codec: u8(25, '0 plain; others are reserved for compression and encryption'),
  reserved: u16(26, 'zero; bytes 28 to 55 are reserved for a nonce (12) and a tag (16)'),
})

export const RECORD_ENTRY = layout('Record entry', 64, {
  block: u32(0, 'block number'),
  payloadAt: u32(4, 'where its bytes start, from the start of the record; a block entry follows at byte 8'),
})
export const RECORD_ENTRY_BLOCK_AT = 8

export const FRESH_ENTRY = layout('Fresh-segment entry', 16, {
  segment: u32(0, 'which segment'),
  place: u32(4, 'which segment place holds it; its header is in slot 0'),
  headerChecksum: sum(8, 'checksum of that header'),
})

export const ALLOCATION_ENTRY = layout('Allocation entry', 8, {
  block: u32(0, 'block number'),
  allocated: u32(4, '1 allocated, 0 deallocated'),
})

export const ORIGIN = layout('Origin', 48, {
  client: id16(0, 'who asked'),
  seq: u53(16, "the client's request number"),
  ackedThrough: u53(24, 'every request of the client up to here has been answered and acknowledged'),
  outcomeBytes: u32(32, 'bytes of the outcome that follow, padded to a multiple of 8'),
  kind: u32(36, '1 a request; 2 the client has ended its session; 3 (side table) a bit per applied request beyond seq'),
  reserved: u53(40, 'zero'),
})

export const SEGMENT_HEADER = layout('Segment header', 64, {
  magic: u32(0, '"DSSH"'),
  segment: u32(4, 'which segment'),
  checksum: sum(8, 'xxHash64 of the header slot with this field zero; stands in the segment table or the record too'),
  storeId: id16(16, 'as in the superblock'),
  term: u53(32, 'the owner that wrote it'),
  foldedSequence: u53(40, 'the fold that wrote it, or the commit of a fresh segment'),
  reserved: u53(48, 'zero; from byte 64 a block entry per block of the segment'),
})

export const TABLE_ENTRY = layout('Segment-table entry', 16, {
  place: u32(0, 'segment place plus 1; 0: the segment holds nothing'),
  slot: u32(4, '0 or 1: header slot in force'),
  headerChecksum: sum(8, 'checksum of that header'),
})

export const SIDE_TABLE = layout('Side table', 64, {
  magic: u32(0, '"DSST"'),
  sessions: u32(4, 'sessions that follow, each an id, its acknowledged number, and its outcomes as origins'),
  sequence: u53(8, 'state after this commit'),
  allocatedBytes: u32(16, 'bytes of the allocation bitmap at the end, one bit per block number'),
  sessionsBytes: u32(20, 'bytes of the sessions'),
})

/** All layouts, in the order in which docs/format.md shows them. */
export const LAYOUTS = [
  SUPERBLOCK,
  RECORD,
  RECORD_ENTRY,
  BLOCK_ENTRY,
  FRESH_ENTRY,
  ALLOCATION_ENTRY,
  ORIGIN,
  SEGMENT_HEADER,
  TABLE_ENTRY,
  SIDE_TABLE,
] as const

/** Sizes that follow from those of a block and a segment. */
export interface Geometry {
  readonly blockSize: number
  readonly segmentBytes: number
  readonly blocksPerSegment: number
  /** Bytes of one header slot. */
  readonly slotBytes: number
  /** Bytes from one segment place to the next: two header slots and the blocks. */
  readonly placeBytes: number
}

export function geometry(blockSize: number, segmentBytes: number = SEGMENT_BYTES): Geometry {
  const blocksPerSegment = segmentBytes / blockSize
  const slotBytes = roundUp(SEGMENT_HEADER.bytes + blocksPerSegment * BLOCK_ENTRY.bytes, SECTOR)
  return { blockSize, segmentBytes, blocksPerSegment, slotBytes, placeBytes: 2 * slotBytes + segmentBytes }
}

export const isBlockSize = (bytes: number): boolean =>
  Number.isInteger(bytes) && bytes >= BLOCK_SIZE_MIN && bytes <= BLOCK_SIZE_MAX && (bytes & (bytes - 1)) === 0

export const segmentOf = (block: number, g: Geometry): number => Math.floor(block / g.blocksPerSegment)
export const slotAt = (place: number, slot: number, g: Geometry): number =>
  SEGMENTS_AT + place * g.placeBytes + slot * g.slotBytes
export const blockAt = (place: number, index: number, g: Geometry): number =>
  SEGMENTS_AT + place * g.placeBytes + 2 * g.slotBytes + index * g.blockSize

export const roundUp = (bytes: number, step: number): number => Math.ceil(bytes / step) * step

/** Usual size of a log for a database of `databaseBytes`. */
export const usualLogBytes = (databaseBytes: number, sizes: Sizes): number =>
  Math.min(sizes.logBytesMax, Math.max(sizes.logBytesMin, roundUp(Math.floor(databaseBytes / 16), sizes.logStepBytes)))
