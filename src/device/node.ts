// The device for Node: a directory with one file per area, synchronous calls, fdatasync. It stands apart from the other
// devices so that no browser bundle ever meets node:fs.
//
// One process owns the directory (node-lock.ts). Every sync reads the lock again and, if another owner is named there,
// never writes again.

import {
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Random } from '../environment.ts'
import { AREAS, type Area, type Device, DeviceError } from './device.ts'
import { toHex } from './hex.ts'
import { NodeLock } from './node-lock.ts'
import { reserveZeros } from './reserve-zeros.ts'

interface AreaFile {
  readonly descriptor: number
  size: number
  dirty: boolean
}

/**
 * Opens the storage in `directory`, which is made if it is missing. `lockId` names this owner in the lock file.
 * Throws StorageError `busy`, naming the process, if another one or this one has it open; DeviceError `io`.
 */
export function openNodeDevice(directory: string, random: Random, lockId = toHex(random.bytes(16))): NodeDevice {
  mkdirSync(directory, { recursive: true })
  const lock = new NodeLock(directory, lockId)
  const files = new Map<Area, AreaFile>()
  try {
    for (const area of AREAS) {
      const descriptor = openSync(join(directory, area), constants.O_RDWR | constants.O_CREAT)
      files.set(area, { descriptor, size: fstatSync(descriptor).size, dirty: false })
    }
    syncDirectory(directory)
    return new NodeDevice(directory, lock, files)
  } catch (error) {
    for (const file of files.values()) closeSync(file.descriptor)
    lock.release()
    throw failure(error, `opening ${directory}`)
  }
}

export class NodeDevice implements Device {
  readonly kind = 'node'
  readonly afterFailedSync = 'kept'
  readonly crowded = false
  readonly #directory: string
  readonly #lock: NodeLock
  readonly #files: ReadonlyMap<Area, AreaFile>
  #closed = false
  #fenced = false

  constructor(directory: string, lock: NodeLock, files: ReadonlyMap<Area, AreaFile>) {
    this.#directory = directory
    this.#lock = lock
    this.#files = files
    this.truncate('scratch', 0)
  }

  size(area: Area): number {
    return this.#file(area).size
  }

  read(area: Area, into: Uint8Array, at: number): number {
    const file = this.#file(area)
    const length = Math.max(0, Math.min(into.length, file.size - at))
    let done = 0
    while (done < length) {
      const count = this.#attempt(`reading ${area}`, () =>
        readSync(file.descriptor, into, done, length - done, at + done),
      )
      if (count === 0)
        throw new DeviceError('io', `${area} ends at byte ${at + done}, ${file.size} bytes were expected`)
      done += count
    }
    return length
  }

  write(area: Area, bytes: Uint8Array, at: number): void {
    const file = this.#file(area)
    file.dirty = true
    for (let done = 0; done < bytes.length; ) {
      done += this.#attempt(`writing ${area}`, () =>
        writeSync(file.descriptor, bytes, done, bytes.length - done, at + done),
      )
      file.size = Math.max(file.size, at + done)
    }
  }

  reserve(area: Area, size: number): void {
    reserveZeros(this, area, size)
  }

  truncate(area: Area, size: number): void {
    const file = this.#file(area)
    if (size >= file.size) return
    this.#attempt(`truncating ${area}`, () => ftruncateSync(file.descriptor, size))
    file.size = size
    file.dirty = true
  }

  barrier(): void {
    this.sync()
  }

  flush(): void {
    this.#file('main')
  }

  sync(): void {
    this.#file('main')
    this.#requireLock()
    for (const [area, file] of this.#files) {
      if (!file.dirty || area === 'scratch') continue
      this.#attempt(`syncing ${area}`, () => fdatasyncSync(file.descriptor))
      file.dirty = false
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    for (const file of this.#files.values()) closeSync(file.descriptor)
    this.#lock.release()
  }

  #file(area: Area): AreaFile {
    if (this.#closed) throw new DeviceError('closed', `the storage in ${this.#directory} was used after it was closed`)
    if (this.#fenced) throw this.#fencedError()
    return this.#files.get(area)!
  }

  #requireLock(): void {
    if (this.#attempt('reading the lock', () => this.#lock.isHeld())) return
    this.#fenced = true
    throw this.#fencedError()
  }

  #fencedError(): DeviceError {
    return new DeviceError('fenced', `another process has taken over ${this.#directory}`)
  }

  #attempt<T>(doing: string, action: () => T): T {
    try {
      return action()
    } catch (error) {
      throw failure(error, `${doing} in ${this.#directory}`)
    }
  }
}

/** Makes the names of new files durable, where the system lets a directory be synced. */
function syncDirectory(directory: string): void {
  if (process.platform === 'win32') return
  const descriptor = openSync(directory, constants.O_RDONLY)
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}

function failure(error: unknown, doing: string): DeviceError {
  if (error instanceof DeviceError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  const reason = code === 'ENOSPC' || code === 'EDQUOT' || code === 'EFBIG' ? 'full' : 'io'
  return new DeviceError(reason, `the file system failed while ${doing} (${code})`, { cause: error })
}
