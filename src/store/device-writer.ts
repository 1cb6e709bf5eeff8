// Writes of the store on their way to the device, and what happens when one fails. Bytes written since the last
// successful sync are kept, because after a failed sync the system may hold pages as clean that never reached the disk:
// only writing them again makes them dirty again.
//
// Invariants: on a failure the newest bytes of each place are written once more and synced, never an older state of a
// place; if that fails too, or the device undoes a failed sync, the store is latched: every later call repeats the error.
// Fold writes are not kept: a failed sync sends the fold back to its first step (`failedSyncs` tells it). At most one
// flush or sync is under way, so what it stores is what had been written when it began and nothing else: after a failure
// on a device that undoes, that tells exactly what was applied.
import { type Area, type Device, DeviceError } from '../device/device.ts'
import { StorageError } from '../errors/errors.ts'
import { Copies } from './copies.ts'
import type { MaybePromise } from './maybe-async.ts'

interface KeptWrite {
  readonly area: Area
  readonly at: number
  readonly bytes: Uint8Array
}

export interface SyncFailure {
  readonly message: string
  /** True if writing again and syncing again succeeded. */
  readonly recovered: boolean
}

/** The records that the device has been given. */
export interface Handed {
  /** Sequence of the newest one. */
  readonly sequence: number
  /** The newest durableSequence that they claim. */
  readonly claims: number
}

export class DeviceWriter {
  readonly device: Device
  /** Moved by the log with each of its writes. */
  handed: Handed = { sequence: 0, claims: 0 }
  /** Told what a flush or (`synced`) a sync has stored, before anything else happens. */
  onStored: (handed: Handed, synced: boolean) => void = () => {}
  readonly counts = { writes: 0, bytesWritten: 0, flushes: 0, syncs: 0, verifyFailures: 0 }
  /** Every write is read back and compared. */
  verifies = false
  /** Syncs that failed so far, recovered ones included. */
  failedSyncs = 0
  /** Told about each failed sync or write. */
  onSyncFailure: (failure: SyncFailure) => void = () => {}
  readonly #keptBytesMax: number
  #kept: KeptWrite[] = []
  readonly #copies = new Copies()
  #keptBytes = 0
  /** Kept writes that were dropped so far, so that of two syncs under way each drops its own. */
  #droppedCount = 0
  #latched: StorageError | undefined
  #running: Promise<void> | undefined
  /** The operation that begins when the running one has ended. */
  #next: NextOperation | undefined

  constructor(device: Device, keptBytesMax: number) {
    this.device = device
    this.#keptBytesMax = keptBytesMax
  }

  get latched(): StorageError | undefined {
    return this.#latched
  }

  /** Throws the error that latched the store, if any. */
  check(): void {
    if (this.#latched) throw this.#latched
  }

  latch(error: StorageError): StorageError {
    this.#latched ??= error
    return this.#latched
  }

  /** Forgets a failure, for a caller who writes everything again that was not synced. Nothing may be under way. */
  startAnew(): void {
    this.#latched = undefined
    this.#drop(this.#kept.length)
  }

  get keptBytes(): number {
    return this.#keptBytes
  }

  /** True if no further byte can be kept before a sync. */
  get needsSync(): boolean {
    return this.#keptBytes >= this.#keptBytesMax
  }

  /** A write that must survive a failed sync; the bytes are copied. Throws when the store is or becomes latched. */
  write(area: Area, bytes: Uint8Array, at: number): void {
    this.check()
    if (this.#keeps) this.#keep(area, bytes, at)
    try {
      this.#put(area, bytes, at)
    } catch (error) {
      this.#repair(error)
    }
  }

  /**
   * A write that nothing leads to yet (blocks and headers of fresh segments): a failure is the caller's alone. Throws
   * StorageError `quota` or `io`.
   */
  writeUnreferenced(area: Area, bytes: Uint8Array, at: number): void {
    this.check()
    if (this.needsSync) this.barrier()
    try {
      this.#put(area, bytes, at)
    } catch (error) {
      throw storageError(error)
    }
    if (this.#keeps) this.#keep(area, bytes, at)
  }

  #keep(area: Area, bytes: Uint8Array, at: number): void {
    this.#kept.push({ area, at, bytes: this.#copies.of(bytes) })
    this.#keptBytes += bytes.length
  }

  /** A write of a fold, which is done again from the start if a sync fails. */
  writeFold(area: Area, bytes: Uint8Array, at: number): void {
    this.check()
    this.#put(area, bytes, at)
  }

  /** Orders what was written before what will be. */
  barrier(): void {
    this.check()
    try {
      if (this.#keeps) this.counts.syncs++
      this.device.barrier()
    } catch (error) {
      this.#repair(error)
      return
    }
    if (this.#keeps) this.#allSynced()
  }

  flush(): MaybePromise<void> {
    return this.#operate(false)
  }

  sync(): MaybePromise<void> {
    return this.#operate(true)
  }

  get #keeps(): boolean {
    return this.device.afterFailedSync === 'kept'
  }

  #put(area: Area, bytes: Uint8Array, at: number): void {
    this.counts.writes++
    this.counts.bytesWritten += bytes.length
    this.device.write(area, bytes, at)
    if (this.verifies) this.#verify(area, bytes, at)
  }

  #verify(area: Area, bytes: Uint8Array, at: number): void {
    const back = new Uint8Array(bytes.length)
    const count = this.device.read(area, back, at)
    if (count === bytes.length && bytes.every((byte, i) => byte === back[i])) return
    this.counts.verifyFailures++
    throw new DeviceError('io', `what was written to ${area} at byte ${at} reads otherwise`)
  }

  #operate(sync: boolean): MaybePromise<void> {
    this.check()
    if (!this.#running) return this.#start(sync)
    this.#next ??= nextOperation()
    this.#next.sync ||= sync
    return this.#next.promise
  }

  #start(sync: boolean): MaybePromise<void> {
    this.counts[sync ? 'syncs' : 'flushes']++
    const { handed } = this
    const keptUntil = this.#droppedCount + this.#kept.length
    const stored = () => {
      if (sync) this.#drop(keptUntil - this.#droppedCount)
      this.onStored(handed, sync)
    }
    let result: MaybePromise<void>
    try {
      result = sync ? this.device.sync() : this.device.flush()
    } catch (error) {
      this.#repair(error)
      return
    }
    if (!(result instanceof Promise)) return stored()
    this.#running = result.then(stored, (error) => this.#repair(error)).finally(() => this.#startNext())
    return this.#running
  }

  #startNext(): void {
    this.#running = undefined
    const next = this.#next
    this.#next = undefined
    if (!next) return
    try {
      this.check()
      next.resolve(this.#start(next.sync))
    } catch (error) {
      next.reject(error)
    }
  }

  #allSynced(): void {
    this.#drop(this.#kept.length)
    this.onStored(this.handed, true)
  }

  #drop(count: number): void {
    const dropped = this.#kept.splice(0, Math.max(0, count))
    this.#droppedCount += dropped.length
    for (const { bytes } of dropped) this.#keptBytes -= bytes.length
    if (this.#kept.length === 0) this.#copies.reset()
  }

  /** Returns if everything is as if nothing had failed; throws with the store latched otherwise. */
  #repair(error: unknown): void {
    if (!(error instanceof DeviceError)) throw error
    this.failedSyncs++
    const final = error.reason === 'fenced' || error.reason === 'evicted' || error.reason === 'closed'
    if (!final && this.#keeps) {
      try {
        for (const { area, at, bytes } of newestBytes(this.#kept)) this.#put(area, bytes, at)
        this.device.barrier()
        this.#allSynced()
        this.onSyncFailure({ message: error.message, recovered: true })
        return
      } catch (again) {
        if (!(again instanceof DeviceError)) throw again
      }
    }
    this.latch(storageError(error, !final && this.device.afterFailedSync === 'undone'))
    this.onSyncFailure({ message: error.message, recovered: false })
    this.check()
  }
}

interface NextOperation {
  sync: boolean
  readonly promise: Promise<void>
  readonly resolve: (result: MaybePromise<void>) => void
  readonly reject: (error: unknown) => void
}

function nextOperation(): NextOperation {
  let resolve: NextOperation['resolve'] = () => {}
  let reject: NextOperation['reject'] = () => {}
  const promise = new Promise<void>((yes, no) => {
    resolve = yes
    reject = no
  })
  return { sync: false, promise, resolve, reject }
}

/** The result of `call`; a device's error becomes one of the store. */
export function typed<T>(call: () => T): T {
  try {
    return call()
  } catch (error) {
    throw storageError(error)
  }
}

/** A device's error as the caller of the store sees it, `retryable` if nothing of what failed will ever appear. */
export function storageError(error: unknown, undone = false): StorageError {
  if (!(error instanceof DeviceError)) throw error
  const cause = { cause: error, retryable: undone }
  switch (error.reason) {
    case 'full':
      return new StorageError(
        'quota',
        `The storage is full: ${error.message}. Delete data, free space or write less at once, then try again.`,
        cause,
      )
    case 'evicted':
      return new StorageError(
        'evicted',
        'The stored data of this database was removed while it was open (site data cleared). Open it again.',
        cause,
      )
    case 'fenced':
      return new StorageError('busy', 'Another owner has taken over this database.', cause)
    case 'closed':
    case 'io':
      return new StorageError('io', `The storage failed: ${error.message}`, cause)
  }
}

/** Pieces of `writes` so that each byte of each place appears once, in its newest form. */
export function newestBytes(writes: readonly KeptWrite[]): KeptWrite[] {
  const covered = new Map<Area, [number, number][]>()
  const pieces: KeptWrite[] = []
  for (let i = writes.length - 1; i >= 0; i--) {
    const write = writes[i]
    if (!write) continue
    const ranges = covered.get(write.area) ?? []
    let at = write.at
    const end = write.at + write.bytes.length
    for (const [from, to] of ranges) {
      if (to <= at) continue
      if (from >= end) break
      if (from > at) pieces.push(piece(write, at, from))
      at = Math.max(at, to)
    }
    if (at < end) pieces.push(piece(write, at, end))
    covered.set(write.area, merge(ranges, [write.at, end]))
  }
  return pieces.reverse()
}

const piece = (write: KeptWrite, from: number, to: number): KeptWrite => ({
  area: write.area,
  at: from,
  bytes: write.bytes.subarray(from - write.at, to - write.at),
})

function merge(ranges: readonly [number, number][], added: [number, number]): [number, number][] {
  const merged: [number, number][] = []
  for (const range of [...ranges, added].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1)
    if (last && range[0] <= last[1]) last[1] = Math.max(last[1], range[1])
    else merged.push([range[0], range[1]])
  }
  return merged
}
