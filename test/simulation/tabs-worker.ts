// A worker of a simulated page: what the worker's script does with its first message, on simulated locks, channels and
// storage. It becomes the engine of the database, or deletes it.

import { Leadership } from '../../src/coordination/leadership.ts'
import { aliveLockName, type Transport } from '../../src/coordination/platform.ts'
import { type Receive, startEngineWorker } from '../../src/engine/worker.ts'
import { toWireError } from '../../src/errors/wire.ts'
import type { FromEngine, ToEngine } from '../../src/protocol/messages.ts'
import { isStorageJob, type StorageAnswer, type StorageJob } from '../../src/protocol/storage-messages.ts'
import { Broken } from './sqlite-crash.ts'
import type { PortEnd, SimulatedChannels } from './tabs-channels.ts'
import { simulatedEngines } from './tabs-engine.ts'
import type { SimulatedLocks } from './tabs-locks.ts'
import { deleteSimulated, type SimulatedStorage } from './tabs-storage.ts'
import { type Agent, Way } from './tabs-world.ts'

export interface WorkerSite {
  readonly locks: SimulatedLocks
  readonly channels: SimulatedChannels
  readonly storage: SimulatedStorage
  readonly onBroken: (error: unknown) => void
  /** The worker is to be the engine. */
  readonly onEngine: () => void
  /** It has shown that it lives. */
  readonly onShown: () => void
}

/** The page's side of a new worker. */
export function simulatedWorker(page: Agent, worker: Agent, site: WorkerSite): Transport {
  const { world } = worker
  const [toWorker, toPage] = [new Way(worker), new Way(page)]
  const transport: Transport = {
    onmessage: undefined,
    onfailure: undefined,
    postMessage: (message) => {
      world.trace?.(`${page.name} tells its worker ${message.type}`)
      if (message.type === 'hello') site.onEngine()
      toWorker.send(() => {
        world.trace?.(`${worker.name} takes ${message.type}`)
        take(message)
      })
    },
    terminate: () => worker.die(),
  }
  const post = (message: FromEngine | StorageAnswer) => {
    if (!worker.alive) return
    toPage.send(() => {
      world.trace?.(`${page.name} hears its worker: ${message.type}`)
      if (message.type === 'opening') site.onShown()
      transport.onmessage?.(message)
    })
  }
  let receive: Receive | undefined
  function take(message: ToEngine | StorageJob): void {
    if (isStorageJob(message)) {
      deleteSimulated(worker, site.locks.of(worker), site.storage).then(
        (deleted) => post({ type: 'storage-done', databases: [], deleted }),
        (error: unknown) => post({ type: 'failed', error: toWireError(error) }),
      )
    } else {
      receive ??= engine(worker, site, post)
      receive(message)
    }
  }
  return transport
}

function engine(worker: Agent, { locks, channels, storage, onBroken }: WorkerSite, post: (m: FromEngine) => void) {
  const { environment } = worker
  const own = locks.of(worker)
  const tabs = new Leadership(
    {
      locks: own,
      random: environment.random,
      openChannel: (name) => channels.open(worker, name),
      wrapPort: (port) => (port as unknown as PortEnd).wrap(worker),
    },
    (port) => {
      port.onmessage = (data) => receive(data, port)
    },
  )
  const holdLock = (name: string) => {
    if (!name.startsWith(aliveLockName(''))) throw new Broken(`an unknown lock: ${name}`)
    return new Promise<void>((resolve) => {
      void own.request(name, () => {
        resolve()
        return new Promise<never>(() => {})
      })
    })
  }
  const receive = startEngineWorker(
    { postMessage: post },
    { environment, storage: {} as never, tabs, holdLock, persisted: async () => false },
    simulatedEngines(worker, own, storage, onBroken),
  )
  return receive
}
