// The device on the browser's origin private file system: a directory per database with a file per area, each held by
// an exclusive sync access handle. It stands apart as the only place that calls those handles.
//
// The four handles are acquired all or none and are the fence: while they are open nobody else can open them. Sizes are
// kept here, since nobody else can change them and asking costs a call. Runs in dedicated workers only.

import { StorageError } from '../errors/errors.ts'
import { AREAS, type Area, type Device, DeviceError } from './device.ts'
import { deviceErrorFrom, isOutOfSpace, platformNameOf } from './device-errors.ts'
import type { DirectoryEntry, SyncAccessHandle } from './opfs-types.ts'
import { reserveZeros } from './reserve-zeros.ts'

interface AreaHandle {
  readonly area: Area
  readonly handle: SyncAccessHandle
  size: number
  dirty: boolean
}

export interface OpfsOptions {
  /** Resolves the database's directory anew, from the root; rejects with a NotFoundError once it is gone. */
  resolve(create: boolean): Promise<DirectoryEntry>
  /** Where it was found a moment ago; else it is resolved. */
  readonly directory?: DirectoryEntry
  /** Makes the directory and the files where they are missing; without it a missing one is `evicted`. */
  readonly create: boolean
  /** Called once when the handles have been closed. */
  readonly onClosed?: () => void
}

/**
 * Opens the storage. Throws StorageError `busy` (retryable) if any of its files cannot be had exclusively, `quota`;
 * DeviceError `evicted` if it is not there and `create` is false.
 */
export async function openOpfsDevice(options: OpfsOptions): Promise<OpfsDevice> {
  const held: AreaHandle[] = []
  try {
    const directory = options.directory ?? (await options.resolve(options.create))
    const acquired = await Promise.allSettled(
      AREAS.map(async (area) => {
        const entry = await directory.getFileHandle(area, { create: options.create })
        const handle = await entry.createSyncAccessHandle()
        held.push({ area, handle, size: 0, dirty: false })
      }),
    )
    for (const each of acquired) if (each.status === 'rejected') throw each.reason
    for (const each of held) each.size = each.handle.getSize()
    return new OpfsDevice(held, options)
  } catch (error) {
    for (const { handle } of held) handle.close()
    if (platformNameOf(error) === 'NotFoundError' && !options.create) throw goneError(error)
    if (isOutOfSpace(error)) throw new StorageError('quota', 'no space to open the storage', { cause: error })
    throw new StorageError(
      'busy',
      `The storage is held by another tab, window or worker (${platformNameOf(error)}). Close it there, then try again.`,
      {
        cause: error,
        retryable: true,
      },
    )
  }
}

export class OpfsDevice implements Device {
  readonly kind = 'opfs'
  readonly afterFailedSync = 'kept'
  readonly crowded = false
  readonly #areas: ReadonlyMap<Area, AreaHandle>
  readonly #options: OpfsOptions
  #stopped: DeviceError | undefined
  #closed = false

  constructor(areas: readonly AreaHandle[], options: OpfsOptions) {
    this.#areas = new Map(areas.map((each) => [each.area, each]))
    this.#options = options
    this.truncate('scratch', 0)
  }

  size(area: Area): number {
    return this.#area(area).size
  }

  read(area: Area, into: Uint8Array, at: number): number {
    const target = this.#area(area)
    const length = Math.min(into.length, target.size - at)
    if (length <= 0) return 0
    try {
      let done = target.handle.read(length < into.length ? into.subarray(0, length) : into, { at })
      while (done < length) {
        const count = target.handle.read(into.subarray(done, length), { at: at + done })
        if (count <= 0) throw new DeviceError('io', `${area} ends at byte ${at + done} of ${target.size}`)
        done += count
      }
      return length
    } catch (error) {
      throw deviceErrorFrom(error, `reading ${area}`)
    }
  }

  write(area: Area, bytes: Uint8Array, at: number): void {
    const target = this.#area(area)
    target.dirty = true
    let written = 0
    try {
      written = target.handle.write(bytes, { at })
    } catch (error) {
      target.size = this.#sizeAfterFailure(target)
      throw deviceErrorFrom(error, `writing ${area}`)
    }
    // Out of quota one browser throws, one answers a short count, and some versions a negative number read as unsigned.
    if (written !== bytes.length) {
      target.size = this.#sizeAfterFailure(target)
      throw new DeviceError('full', `${written} of ${bytes.length} bytes were written to ${area}: no space left`)
    }
    if (at + written > target.size) target.size = at + written
  }

  reserve(area: Area, size: number): void {
    reserveZeros(this, area, size)
  }

  truncate(area: Area, size: number): void {
    const target = this.#area(area)
    if (size >= target.size) return
    try {
      target.handle.truncate(size)
    } catch (error) {
      throw deviceErrorFrom(error, `truncating ${area}`)
    }
    target.size = size
    target.dirty = true
  }

  barrier(): void {
    this.sync()
  }

  flush(): void {
    this.#area('main')
  }

  sync(): void {
    this.#area('main')
    for (const target of this.#areas.values()) {
      if (!target.dirty || target.area === 'scratch') continue
      try {
        target.handle.flush()
      } catch (error) {
        throw deviceErrorFrom(error, `syncing ${target.area}`)
      }
      target.dirty = false
    }
  }

  /**
   * Looks the name up again: under cleared site data open handles go on writing to a file that nobody will ever find.
   * Throws DeviceError `evicted`, and so does every later call but `close`.
   */
  async stillThere(): Promise<void> {
    this.#area('main')
    try {
      const directory = await this.#options.resolve(false)
      await directory.getFileHandle('main')
    } catch (error) {
      if (platformNameOf(error) !== 'NotFoundError') throw deviceErrorFrom(error, 'looking the storage up again')
      throw (this.#stopped = goneError(error))
    }
  }

  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#stopped = new DeviceError('closed', 'the storage was used after it was closed')
    for (const { handle } of this.#areas.values()) handle.close()
    this.#options.onClosed?.()
  }

  #area(area: Area): AreaHandle {
    if (this.#stopped) throw this.#stopped
    return this.#areas.get(area)!
  }

  #sizeAfterFailure(target: AreaHandle): number {
    try {
      return target.handle.getSize()
    } catch {
      return target.size // the failure that led here is the one to report
    }
  }
}

function goneError(cause: unknown): DeviceError {
  const message = "the storage is gone: the browser or the user has cleared this site's data"
  return new DeviceError('evicted', message, { cause })
}
