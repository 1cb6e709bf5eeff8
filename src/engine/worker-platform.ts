// What the engine's worker takes from its browser, as one interface and its real form. It stands apart so that the worker's
// entry runs in tests without a browser.
import { browserPlatform, type Platform } from '../device/platform.ts'
import { type Environment, realEnvironment } from '../environment.ts'
import { consoleLog, type Log } from '../log.ts'
import type { TabCoordination } from './tab-coordination.ts'

export interface WorkerPlatform {
  readonly environment: Environment
  /** What the choice of the storage needs. */
  readonly storage: Platform
  /** Holds a Web Lock until the worker ends; resolves once it is held, at once where there are no Web Locks. */
  holdLock(name: string): Promise<void>
  /** Missing where a database is open in one page at a time. */
  readonly tabs?: TabCoordination | undefined
  /** True if the browser has promised not to evict this site's data. */
  persisted(): Promise<boolean>
  /** Takes what is logged when `debug` is on. */
  readonly log?: Log
  /** Bytes that the browser still grants this site, as far as it tells. */
  freeBytes?(): Promise<number | undefined>
}

/** The platform of the worker that calls it. Does nothing until called. */
export function browserWorkerPlatform(environment: Environment = realEnvironment()): WorkerPlatform {
  const { navigator } = globalThis
  const locks: LockManager | undefined = navigator.locks
  const storage: StorageManager | undefined = navigator.storage
  return {
    environment,
    log: consoleLog,
    storage: browserPlatform(environment),
    holdLock: (name) =>
      new Promise((resolve, reject) => {
        if (!locks) resolve()
        else
          locks
            .request(name, () => {
              resolve()
              return new Promise<never>(() => {})
            })
            .catch(reject)
      }),
    persisted: async () => (storage?.persisted ? storage.persisted() : false),
    freeBytes: async () => {
      // Some browsers refuse to tell.
      const { quota, usage } = (await storage?.estimate?.().catch(() => undefined)) ?? {}
      return quota === undefined || usage === undefined ? undefined : Math.max(0, quota - usage)
    },
  }
}
