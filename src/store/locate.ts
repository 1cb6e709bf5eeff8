// Where a block of a given state is, and its verified bytes: the newest version up to that state in the logs or in a
// fresh segment, else the home. All reads of the store go through here.
import type { LogVersion, Stored } from './block-index.ts'
import { typed } from './device-writer.ts'
import { segmentOf } from './format.ts'
import type { SegmentHeader } from './segment-header.ts'
import type { StoreState } from './state.ts'

export interface InMain {
  readonly kind: 'main'
  readonly place: number
  readonly index: number
  readonly stored: Stored
}
export type Location = { readonly kind: 'zero' } | { readonly kind: 'log'; readonly stored: LogVersion } | InMain

const ZERO: Location = { kind: 'zero' }

/** Where the bytes of `block` as of commit `sequence` are. Throws StorageError `corrupt` if a header is damaged. */
export function locate(state: StoreState, block: number, sequence: number): Location {
  const { index, geometry: g } = state
  const version = index.versionAt(block, sequence)
  const segment = segmentOf(block, g)
  const indexInSegment = block - segment * g.blocksPerSegment
  let found: { readonly kind: 'log'; readonly stored: LogVersion } | InMain | undefined = version && {
    kind: 'log',
    stored: version,
  }
  for (const fresh of index.freshAt(segment, sequence)) {
    if (version && fresh.sequence < version.sequence) break
    const stored = freshHeader(state, fresh).entry(indexInSegment)
    if (!stored) continue
    found = { kind: 'main', place: fresh.place, index: indexInSegment, stored }
    break
  }
  if (!found) {
    const home = state.home.entry(block)
    if (home) found = { kind: 'main', ...home }
  }
  if (!found) return ZERO
  // What the home holds is the state at the fold; older commits cannot have been cut off since by a cut that is kept.
  return index.cutOff(block, found.stored.sequence, sequence) ? ZERO : found
}

/** The header of a fresh segment, in slot 0 of its place. */
export function freshHeader(
  state: StoreState,
  fresh: { readonly segment: number; readonly place: number; readonly headerChecksum: bigint },
): SegmentHeader {
  return state.home.header(fresh.segment, { place: fresh.place, slot: 0, headerChecksum: fresh.headerChecksum })
}

/** Copies the verified bytes of a located block into `into`. Throws StorageError `corrupt` with its number. */
export function readLocated(state: StoreState, block: number, location: Location, into: Uint8Array): void {
  switch (location.kind) {
    case 'zero':
      into.fill(0)
      return
    case 'main':
      state.home.read(block, location.place, location.index, location.stored, into)
      return
    case 'log': {
      const { stored } = location
      for (let attempt = 0; attempt < 2; attempt++) {
        state.log.read(stored.log, stored.offset, into)
        if (state.home.holds(block, stored, into)) return
      }
      into.fill(0)
      throw state.home.damaged(block)
    }
  }
}

/**
 * Copies block `block` as of commit `sequence` into `into`. Throws StorageError `corrupt` with its number, `io`, or the
 * error that latched the store: what a device has taken back must not look like damage.
 */
export function readBlock(state: StoreState, block: number, sequence: number, into: Uint8Array): void {
  state.writer.check()
  typed(() => readLocated(state, block, locate(state, block, sequence), into))
}
