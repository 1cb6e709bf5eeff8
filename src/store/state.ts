// The parts of an open store, as they know each other. Recovery makes it, transactions, snapshots and checkpoints work
// on it, and BlockStore is its face.
//
// Invariants (asserted by `check`): synced <= written <= sequence; the fold of the superblocks is not newer than the
// oldest pin; every place that table, index, running transaction or running fold can lead to is in use, once.
import type { Environment } from '../environment.ts'
import { assert } from './assert.ts'
import type { BlockIndex } from './block-index.ts'
import type { Checksums } from './checksum.ts'
import type { DeviceWriter, Handed } from './device-writer.ts'
import { type Geometry, type Sizes, usualLogBytes } from './format.ts'
import type { Home } from './home.ts'
import type { HomesNeeded } from './homes-needed.ts'
import type { Log } from './log.ts'
import type { Places } from './places.ts'
import type { SideState } from './side-table.ts'
import type { Superblock } from './superblock.ts'

/** A pinned state that readers hold. */
export interface Pin {
  readonly sequence: number
  readonly sizeBlocks: number
  /** Infinity: no time limit. */
  readonly sinceMs: number
  /** Set when the store had to end it. */
  ended: boolean
}

/** A transaction or fold that holds places which nothing else leads to yet. */
export interface PlaceHolder {
  placesHeld(): Iterable<number>
}

export interface StoreState {
  readonly environment: Environment
  readonly writer: DeviceWriter
  readonly checksums: Checksums
  readonly geometry: Geometry
  readonly sizes: Sizes
  readonly log: Log
  readonly index: BlockIndex
  readonly home: Home
  readonly places: Places
  readonly homesNeeded: HomesNeeded
  readonly pins: Set<Pin>
  readonly term: number
  /** Algorithm for new blocks. */
  readonly algorithm: number
  /** Newest state of sessions and allocation. */
  readonly side: SideState
  /** The same as of the fold. */
  sideAtFold: SideState
  /** Content of both superblocks (during steps 5 and 6 of a checkpoint: the newer one). */
  superblock: Superblock
  /** Table and side places that some superblock on the device names. */
  namedPlaces: { readonly table: ReadonlySet<number>; readonly side: ReadonlySet<number> }
  sequence: number
  sizeBlocks: number
  /** Newest sequence that survives the process. */
  flushed: number
  /** Newest sequence that survives a power cut. */
  synced: number
  /** Newest sequence that something synced claims to be synced. */
  claimed: number
  transaction: PlaceHolder | undefined
  /** Buffers of one block that nobody uses, for the next transaction. */
  readonly spareBlocks: Uint8Array[]
  /** Called when folding gives space back: the other log has been entered, or a commit has brought fresh segments. */
  onFoldDue: () => void
  /** Called when space for a transaction was refused: what holds space back may end, so that the next one fits. */
  onSpaceShort: () => void
}

export const databaseBytes = (state: StoreState): number => state.sizeBlocks * state.geometry.blockSize
export const usualBytes = (state: StoreState): number => usualLogBytes(databaseBytes(state), state.sizes)

export function oldestPin(state: StoreState): number {
  let oldest = Number.POSITIVE_INFINITY
  for (const pin of state.pins) oldest = Math.min(oldest, pin.sequence)
  return oldest
}

/** Places in use: recomputed from what leads to them. */
export function placesInUse(state: StoreState): Set<number> {
  const used = new Set<number>(state.home.table.places())
  for (const fresh of state.index.fresh()) used.add(fresh.place)
  for (const place of state.transaction?.placesHeld() ?? []) used.add(place)
  return used
}

/** Asserts the invariants above; for tests and for the store's own checks after a fold. */
export function check(state: StoreState): void {
  assert(state.synced <= state.sequence && state.flushed <= state.sequence, 'nothing is durable before it is published')
  assert(state.superblock.foldedSequence <= state.synced, 'only synced commits are folded')
  assert(state.superblock.foldedSequence <= oldestPin(state), 'a fold never passes a pin')
  const { records, place } = state.log
  const active = records.findIndex((record) => record.log === place.log)
  assert(
    active < 0 || records.slice(active).every((record) => record.log === place.log),
    'records of the other log come before those of the active one',
  )
  const used = placesInUse(state)
  for (const place of used) assert(state.places.isUsed(place), `place ${place} is known to be in use`)
}

/** Remembers what is stored: it survives the process, and if `synced` a power cut. */
export function noteStored(state: StoreState, { sequence, claims }: Handed, synced: boolean): void {
  state.flushed = Math.max(state.flushed, sequence)
  if (!synced) return
  state.synced = Math.max(state.synced, sequence)
  state.claimed = Math.max(state.claimed, claims)
}
