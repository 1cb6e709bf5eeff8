// Crashes tried from one run: before, inside or after chosen writes, flushes and syncs the disk is forked, the fork dies
// there (killed or by a power cut, perhaps again while it recovers), and what recovers must be a commit that the oracle
// knows, whole.
//
// A recovered store is compared block by block with what SQLite found sound at that commit before; only bytes that were
// not seen yet go through SQLite: `integrity_check` and the digest of all rows.
import type { Database, Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import type { Area, Device } from '../../src/device/device.ts'
import { StorageError } from '../../src/errors/errors.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import type { Blocks, ScratchArea } from '../../src/store/block-store-types.ts'
import { SqliteVfs } from '../../src/vfs/vfs.ts'
import { type Chance, seeded, simulatedEnvironment } from '../support/seeded.ts'
import { Crash, type SimulatedDisk } from '../support/simulated-disk.ts'
import { type Digest, digestOf } from './sqlite-oracle.ts'
import type { Tally } from './sqlite-tally.ts'
import type { Sent } from './sqlite-work.ts'

/** A promise was broken. */
export class Broken extends Error {
  override readonly name = 'Broken'
}

/** One state that the database went through. */
export interface Commit {
  readonly digest: Digest
  readonly image: Uint8Array
  /** What the store held, once SQLite has found it to be this state. */
  bytes?: Buffer
}

/** What must hold if the process or the power dies at some moment. */
export interface Bounds {
  /** Newest commit of which anybody was told. */
  readonly told: number
  /** Newest commit of which a strict client was told. */
  readonly toldStrict: number
  /** Newest commit that was started. */
  readonly started: number
  /** Requests without an answer at that moment. */
  readonly unanswered: readonly Sent[]
}

export interface CrashPoint extends Bounds {
  readonly disk: SimulatedDisk
  readonly chance: Chance
  readonly power: boolean
}

/** Forks `disk` and lets the fork die at its next operation, which is `operation`. */
export function dieAt(
  disk: SimulatedDisk,
  seed: number,
  operation: ((disk: SimulatedDisk) => void) | undefined,
): { disk: SimulatedDisk; chance: Chance; power: boolean } {
  const chance = seeded(seed)
  const fork = disk.fork(chance)
  const power = chance.chance(0.55)
  if (operation && chance.chance(0.75)) {
    fork.faults.crashAt = fork.operations + 1
    try {
      operation(fork)
    } catch (error) {
      if (!(error instanceof Crash)) throw error
    }
    fork.faults.crashAt = Number.POSITIVE_INFINITY
  }
  return { disk: fork, chance, power }
}

/** Opens what a dead disk kept, dying again now and then; returns the store and the bounds that then hold. */
export async function recovered(
  point: CrashPoint,
  counts: Tally,
  open: (disk: SimulatedDisk) => Promise<BlockStore>,
): Promise<BlockStore> {
  const { disk, chance } = point
  let { power } = point
  let least = point.told
  for (let depth = 0; ; depth++) {
    counts.crashes++
    if (depth > 0) counts.recoveryCrashes++
    const cell = `${power ? 'power cut' : 'kill'} at ${depth > 0 ? 'recovery ' : ''}${disk.last}`
    counts.cells.set(cell, (counts.cells.get(cell) ?? 0) + 1)
    if (power) disk.powerCut()
    else disk.kill()
    if (power) least = point.toldStrict
    disk.faults.crashAt = chance.chance(0.2) ? disk.operations + 1 + chance.int(8) : Number.POSITIVE_INFINITY
    const tight = point.started > 0 && chance.chance(0.15)
    disk.faults.quotaBytes = tight ? disk.usedBytes : Number.POSITIVE_INFINITY
    disk.faults.failSync = depth === 0 && !tight && chance.chance(0.1) ? 0.1 : 0
    if (tight) counts.tightRecoveries++
    try {
      const store = await open(disk)
      disk.faults.crashAt = Number.POSITIVE_INFINITY
      disk.faults.failSync = 0
      disk.faults.quotaBytes = Number.POSITIVE_INFINITY
      if (store.sequence < least) throw new Broken(`recovered commit ${store.sequence}, told was ${least} (lost)`)
      if (store.sequence > point.started)
        throw new Broken(`recovered commit ${store.sequence}, started were ${point.started}`)
      return store
    } catch (error) {
      const refused = error instanceof StorageError && (error.code === 'io' || error.code === 'quota')
      if (refused && tight) throw new Broken(`cannot be opened with the quota used up: ${error.message} (lost)`)
      if (!(error instanceof Crash) && !refused) throw error
      power = chance.chance(0.5)
    }
  }
}

/** Opens a fork's store to look at it. */
export function openFork(seed: number): (disk: SimulatedDisk) => Promise<BlockStore> {
  return (disk) => BlockStore.open({ device: disk.device(), environment: simulatedEnvironment(seed) })
}

/** Every outcome that is needed to answer a repeated request is there, and no other. */
export function checkOutcomes(store: BlockStore, unanswered: readonly Sent[]): void {
  for (const { client, seq, commit, work } of unanswered) {
    if (work.type === 'bare') continue
    const recorded = store.outcomeOf(client.id, seq) !== undefined
    const applied = commit !== undefined && commit <= store.sequence
    if (recorded !== applied)
      throw new Broken(
        `request ${client.id} ${seq} was ${applied ? '' : 'not '}applied, its outcome is ${recorded ? '' : 'not '}there`,
      )
  }
}

const NO_SCRATCH: ScratchArea = {
  size: 0,
  read: () => 0,
  write: () => {
    throw new Broken('a check needs no scratch space')
  },
  truncate: () => {},
}

/** SQLite on recovered stores, one after the other; in a module of its own, beside the engine under test. */
export class Inspector {
  readonly #sqlite3: Sqlite3Static
  readonly #vfs: SqliteVfs
  #blocks: Blocks | undefined

  constructor(sqlite3: Sqlite3Static) {
    this.#sqlite3 = sqlite3
    const current = () => {
      if (!this.#blocks) throw new Broken('no store is being looked at')
      return this.#blocks
    }
    const blocks: Blocks = {
      get blockSize() {
        return current().blockSize
      },
      get sequence() {
        return current().sequence
      },
      get sizeBlocks() {
        return current().sizeBlocks
      },
      get flushedSequence() {
        return current().flushedSequence
      },
      get syncedSequence() {
        return current().syncedSequence
      },
      pin: () => current().pin(),
      begin: () => current().begin(),
      prepare: () => current().prepare(),
      flush: () => current().flush(),
      sync: () => current().sync(),
      outcomeOf: (client, seq) => current().outcomeOf(client, seq),
      scratch: NO_SCRATCH,
    }
    this.#vfs = new SqliteVfs(sqlite3, blocks, simulatedEnvironment(0))
  }

  /** Throws Broken if the store's newest state is not `commit`. */
  check(store: BlockStore, commit: Commit, counts: Tally): void {
    const bytes = contentOf(store)
    if (commit.bytes && Buffer.compare(bytes, commit.bytes) === 0) return
    counts.checkedBySqlite++
    this.#blocks = store
    const db = this.#open()
    try {
      const integrity = db.selectValues('PRAGMA integrity_check').join()
      if (integrity !== 'ok') throw new Broken(`integrity_check of commit ${store.sequence}: ${integrity} (silent)`)
      const { all, tables } = digestOf(db)
      if (all !== commit.digest.all) {
        const wrong = [...commit.digest.tables].filter(([name, digest]) => tables.get(name) !== digest)
        const which = wrong.map(([name]) => name).join(', ')
        throw new Broken(`commit ${store.sequence} is not the oracle's (${which || 'its schema'}) (silent)`)
      }
    } finally {
      db.close()
    }
    commit.bytes = bytes
  }

  #open(): Database {
    const { uri } = this.#vfs.newConnection('app.db')
    const db = new this.#sqlite3.oo1.DB({ filename: uri, flags: 'cw' })
    db.exec('PRAGMA journal_mode=PERSIST; PRAGMA temp_store=FILE; PRAGMA synchronous=OFF')
    return db
  }
}

function contentOf(store: BlockStore): Buffer {
  const bytes = Buffer.alloc(store.sizeBlocks * store.blockSize)
  const snapshot = store.pin()
  for (let block = 0; block < store.sizeBlocks; block++)
    snapshot.read(block, bytes.subarray(block * store.blockSize, (block + 1) * store.blockSize))
  snapshot.release()
  return bytes
}

/** A device that tells of each operation before it happens. */
export function observedDevice(
  disk: SimulatedDisk,
  before: (operation: (disk: SimulatedDisk) => void, what: Area | 'barrier' | 'sync') => void,
): Device {
  const inner = disk.device((durable) => before((fork) => fork.storeSealed(durable), 'sync'))
  const later = inner.afterFailedSync === 'undone'
  return {
    kind: inner.kind,
    afterFailedSync: inner.afterFailedSync,
    crowded: inner.crowded,
    size: (area) => inner.size(area),
    read: (area, into, at) => inner.read(area, into, at),
    write: (area, bytes, at) => {
      before((fork) => fork.write(area, bytes, at), area)
      inner.write(area, bytes, at)
    },
    reserve: (area, size) => inner.reserve(area, size),
    truncate: (area, size) => inner.truncate(area, size),
    barrier: () => {
      if (!later) before((fork) => fork.barrier(), 'barrier')
      inner.barrier()
    },
    flush: () => inner.flush(),
    sync: () => {
      if (!later) before((fork) => fork.sync(), 'sync')
      return inner.sync()
    },
    close: () => inner.close(),
  }
}
