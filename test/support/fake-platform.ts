// A browser as the choice of the storage sees it, made of the fakes: OPFS, IndexedDB and Web Locks, each of which can be
// taken away, with the real clock.

import type { Platform, StoreLocks } from '../../src/device/platform.ts'
import { realEnvironment } from '../../src/environment.ts'
import { FakeIndexedDb } from './fake-indexeddb.ts'
import { FakeOpfs } from './fake-opfs.ts'

/** Exclusive locks, `ifAvailable` only. */
export class FakeLocks implements StoreLocks {
  readonly held = new Set<string>()

  async request(
    name: string,
    _options: unknown,
    callback: (lock: unknown) => Promise<void> | undefined,
  ): Promise<unknown> {
    if (this.held.has(name)) return callback(null)
    this.held.add(name)
    try {
      return await callback({ name })
    } finally {
      this.held.delete(name)
    }
  }
}

export class FakePlatform implements Platform {
  readonly environment = realEnvironment()
  readonly opfs = new FakeOpfs()
  readonly indexedDbFake = new FakeIndexedDb()
  readonly locksFake = new FakeLocks()
  readonly deviceMemoryBytes = undefined
  getDirectory: Platform['getDirectory'] = async () => this.opfs.root
  indexedDb: Platform['indexedDb'] = this.indexedDbFake
  locks: Platform['locks'] = this.locksFake

  /** Like a private window: the file system cannot be reached. */
  loseOpfs(): void {
    this.getDirectory = () => Promise.reject(new DOMException('not here', 'SecurityError'))
  }

  /** Makes every use of IndexedDB fail to open. */
  loseIndexedDb(): void {
    this.indexedDb = undefined
  }

  regain(): void {
    this.getDirectory = async () => this.opfs.root
    this.indexedDb = this.indexedDbFake
  }
}
