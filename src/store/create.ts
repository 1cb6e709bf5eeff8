// A new store: areas with their space really there, empty tables, and last the superblocks. Nothing here is needed after
// creation, and nothing later depends on creating, renaming or deleting files.
import type { Device } from '../device/device.ts'
import type { Environment } from '../environment.ts'
import { StorageError } from '../errors/errors.ts'
import type { BlockStoreOptions } from './block-store-options.ts'
import { type ChecksumName, type Checksums, checksumBit } from './checksum.ts'
import {
  FORMAT_VERSION,
  isBlockSize,
  SECTOR,
  SEGMENT_BYTES,
  SEGMENTS_AT,
  SIDE_AT,
  type Sizes,
  SUPERBLOCK_AT,
  SUPERBLOCK_MAGIC,
} from './format.ts'
import { Sessions } from './sessions.ts'
import { SideState } from './side-table.ts'
import { decodeSuperblock, encodeSuperblock, type Superblock } from './superblock.ts'

export interface CreateOptions {
  readonly device: Device
  readonly environment: Environment
  readonly checksums: Checksums
  readonly checksum: ChecksumName
  readonly blockSize: number
  readonly sizes: Sizes
  /** 32 hexadecimal digits. */
  readonly storeId: string
}

/**
 * True if the device holds no store: it is empty, or a creation did not get to its second superblock (nothing had been
 * acknowledged by then).
 */
function isBlank(device: Device, checksums: Checksums): boolean {
  // A read error may be passing, and what it shows must not be taken for a damaged store.
  return looksBlank(device, checksums) || looksBlank(device, checksums)
}

function looksBlank(device: Device, checksums: Checksums): boolean {
  if (device.size('main') === 0) return true
  const [first, second] = SUPERBLOCK_AT.map((at) => {
    const bytes = new Uint8Array(SECTOR)
    device.read('main', bytes, at)
    return { found: decodeSuperblock(bytes, checksums), bytes }
  })
  if (first?.found.kind === 'valid' || first?.found.kind === 'other-version') return false
  if (second?.found.kind !== 'zero') return false
  // The first superblock is written before the second and never zero again, and records only come after both.
  const head = new Uint8Array(4)
  return (['log-0', 'log-1'] as const).every(
    (area) => device.read(area, head, 0) < 4 || head.every((byte) => byte === 0),
  )
}

/** Makes a new store on a blank device; tells whether it did. Throws StorageError `evicted` if there should be one. */
export async function createIfBlank(
  wish: Pick<BlockStoreOptions, 'create' | 'storeId' | 'blockSize'>,
  parts: Omit<CreateOptions, 'blockSize' | 'storeId'>,
): Promise<boolean> {
  if (!isBlank(parts.device, parts.checksums)) return false
  if (wish.create === false) throw new StorageError('evicted', 'This database is gone: its storage is empty.')
  const storeId = wish.storeId ?? hex(parts.environment.random.bytes(16))
  await createStore({ ...parts, storeId, blockSize: wish.blockSize ?? 4096 })
  return true
}

/** Writes a new, empty store. Throws StorageError `quota`, DeviceError. */
async function createStore(options: CreateOptions): Promise<void> {
  const { device, environment, checksums, sizes } = options
  if (!isBlockSize(options.blockSize)) {
    throw new StorageError('unavailable', `A block has 512 to 65536 bytes, a power of two; got ${options.blockSize}.`)
  }
  device.reserve('main', SEGMENTS_AT)
  device.reserve('log-0', sizes.logBytesMin)
  device.reserve('log-1', sizes.logBytesMin)
  await device.sync()
  const nowMs = environment.clock.epochMs()
  const side = new SideState(new Sessions(sizes.outcomesBytesMax)).encode(0)
  const superblock: Superblock = {
    magic: SUPERBLOCK_MAGIC,
    formatVersion: FORMAT_VERSION,
    checksumsUsed: checksumBit(options.checksum),
    checksum: 0n,
    storeId: options.storeId,
    generationId: hex(environment.random.bytes(16)),
    generation: 1,
    term: 1,
    blockSize: options.blockSize,
    sizeBlocks: 0,
    foldedSequence: 0,
    durableSequence: 0,
    replayOffset: 0,
    replayTerm: 1,
    replayChecksum: 0n,
    endOffset: 0,
    endTerm: 1,
    endChecksum: 0n,
    endSequence: 0,
    replayLog: 0,
    endLog: 0,
    tablePlace: 0,
    sidePlace: 0,
    tableEntries: 0,
    tableChecksum: checksums.structure(new Uint8Array(0)),
    sideBytes: side.length,
    segmentBytes: sizes.segmentBytes === SEGMENT_BYTES ? 0 : sizes.segmentBytes,
    sideChecksum: checksums.structure(side),
    createdMs: nowMs,
    writtenMs: nowMs,
  }
  device.write('main', side, SIDE_AT[0])
  await device.sync()
  const bytes = encodeSuperblock(superblock, checksums)
  for (const at of SUPERBLOCK_AT) {
    device.write('main', bytes, at)
    await device.sync()
  }
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
