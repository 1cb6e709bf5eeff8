// The disk as the simulated store sees it, with every write, change of size, flush and sync told to the driver before it
// happens, by its label and so that it can be repeated on a fork.
import type { Device } from '../../src/device/device.ts'
import { DeviceError } from '../../src/device/device.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import type { Column } from './store-cells.ts'
import type { Labels } from './store-labels.ts'

export interface Operation {
  readonly label: string
  readonly kind: 'write' | 'resize' | 'sync'
  run(disk: SimulatedDisk): void
}

/** Who is told. */
export interface Watcher {
  before(operation: Operation): void
  /** A fault came true there. */
  fault(row: string, column: Column): void
}

export function watched(disk: SimulatedDisk, labels: Labels, watcher: Watcher): Device {
  let sealed = ''
  const inner = disk.device((durable) =>
    watcher.before({ label: sealed, kind: 'sync', run: (fork) => fork.storeSealed(durable) }),
  )
  const later = inner.afterFailedSync === 'undone'
  const note = (label: string, error: unknown) => {
    if (!(error instanceof DeviceError)) return
    labels.failed = true
    watcher.fault(label, error.reason === 'full' ? 'no space' : 'fails')
  }
  const run = (operation: Operation, call: () => void) => {
    watcher.before(operation)
    try {
      call()
    } catch (error) {
      note(operation.label, error)
      throw error
    }
  }
  const ordered = (kind: 'sync' | 'barrier', call: () => void) => {
    run({ label: labels.sync(kind), kind: 'sync', run: (fork) => fork.sync(kind) }, call)
    labels.synced()
  }
  const storing = (kind: 'sync' | 'flush', call: () => void | Promise<void>) => {
    const label = labels.sync(kind)
    sealed = label
    const result = call()
    // The store hears of it as soon as it does elsewhere.
    result?.catch((error) => note(label, error))
    return result
  }
  return {
    kind: inner.kind,
    afterFailedSync: inner.afterFailedSync,
    crowded: inner.crowded,
    size: (area) => inner.size(area),
    read: (area, into, at) => {
      const { flakyReads } = disk.came
      const count = inner.read(area, into, at)
      if (disk.came.flakyReads > flakyReads) watcher.fault(labels.place(area, at), 'read wrong once')
      return count
    },
    write: (area, bytes, at) => {
      const label = labels.write(area, bytes, at)
      const { misdirected } = disk.came
      run({ label, kind: 'write', run: (fork) => fork.write(area, bytes, at) }, () => inner.write(area, bytes, at))
      if (disk.came.misdirected > misdirected) watcher.fault(label, 'misdirected')
    },
    reserve: (area, size) => {
      if (size <= inner.size(area)) return
      const operation: Operation = {
        label: labels.resize(area, true),
        kind: 'resize',
        run: (fork) => fork.resize(area, size),
      }
      run(operation, () => inner.reserve(area, size))
    },
    truncate: (area, size) => {
      if (size >= inner.size(area)) return
      const operation: Operation = {
        label: labels.resize(area, false),
        kind: 'resize',
        run: (fork) => fork.resize(area, size),
      }
      run(operation, () => inner.truncate(area, size))
    },
    barrier: () => (later ? inner.barrier() : ordered('barrier', () => inner.barrier())),
    flush: () => (later ? storing('flush', () => inner.flush()) : inner.flush()),
    sync: () => (later ? storing('sync', () => inner.sync()) : ordered('sync', () => inner.sync())),
    close: () => inner.close(),
  }
}
