// The two superblocks: where everything else of a store is found. A superblock is at most one sector, so that a write
// of it is one small write; the pair is written one after the other, each synced, so that one of them always holds.
//
// Invariants: of two valid ones the higher generation counts; both lead to the same last commit; one whose format version is
// not ours is never written over.
import { StorageError } from '../errors/errors.ts'
import type { Checksums } from './checksum.ts'
import { FORMAT_VERSION, isBlockSize, SECTOR, SUPERBLOCK, SUPERBLOCK_MAGIC } from './format.ts'
import type { Values } from './layout.ts'

export type Superblock = Values<typeof SUPERBLOCK.fields>

/** What one superblock place holds. Bytes just read are a different type from a superblock that may be trusted. */
export type SuperblockFound =
  | { readonly kind: 'valid'; readonly superblock: Superblock; readonly bytes: Uint8Array }
  | { readonly kind: 'zero' }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'other-version'; readonly version: number; readonly intact: boolean }

export function encodeSuperblock(superblock: Superblock, checksums: Checksums): Uint8Array {
  const bytes = new Uint8Array(SECTOR)
  const view = new DataView(bytes.buffer)
  SUPERBLOCK.write(view, { ...superblock, checksum: 0n })
  superblock.checksum = checksums.structure(bytes)
  view.setBigUint64(SUPERBLOCK.at.checksum, superblock.checksum, true)
  return bytes
}

export function decodeSuperblock(bytes: Uint8Array, checksums: Checksums): SuperblockFound {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.every((byte) => byte === 0)) return { kind: 'zero' }
  const superblock = SUPERBLOCK.read(view)
  const copy = bytes.slice()
  new DataView(copy.buffer).setBigUint64(SUPERBLOCK.at.checksum, 0n, true)
  const intact = checksums.structure(copy) === superblock.checksum
  if (superblock.magic !== SUPERBLOCK_MAGIC) return { kind: 'damaged' }
  // There is no version 0: that is a superblock of which only the first bytes were written.
  if (superblock.formatVersion === 0) return { kind: 'damaged' }
  if (superblock.formatVersion !== FORMAT_VERSION) {
    return { kind: 'other-version', version: superblock.formatVersion, intact }
  }
  if (!intact || !isBlockSize(superblock.blockSize)) return { kind: 'damaged' }
  return { kind: 'valid', superblock, bytes: bytes.slice() }
}

/** The superblock that counts. Throws StorageError `format-unknown` or `corrupt`; nothing has been changed by then. */
export function chooseSuperblock(found: readonly SuperblockFound[]): Superblock {
  const valid = found.filter((f) => f.kind === 'valid').map((f) => f.superblock)
  const other = found.find((f) => f.kind === 'other-version' && (f.intact || valid.length === 0))
  if (other?.kind === 'other-version') {
    throw new StorageError(
      'format-unknown',
      `This database has store format ${other.version}; this version of the package reads format ${FORMAT_VERSION}. Load a newer version of the package. Nothing was changed.`,
    )
  }
  const newest = valid.sort((a, b) => b.generation - a.generation)[0]
  if (!newest) {
    throw new StorageError(
      'corrupt',
      'Both superblocks of this database are damaged. Nothing was changed or deleted: what is stored is as it was found.',
    )
  }
  return newest
}
