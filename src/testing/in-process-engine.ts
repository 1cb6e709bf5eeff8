// An engine as a worker of a simulated page: the real one, in this thread. Messages travel in turns of their own, in both
// directions in order, and are lost with whoever should have taken them.

import { Leadership } from '../coordination/leadership.ts'
import type { Transport } from '../coordination/platform.ts'
import type { Platform } from '../device/platform.ts'
import { storedEngines } from '../engine/open-engine.ts'
import { type Receive, startEngineWorker } from '../engine/worker.ts'
import type { FromEngine } from '../protocol/messages.ts'
import { isStorageJob, type StorageAnswer } from '../protocol/storage-messages.ts'
import { Agent } from './agent.ts'
import type { SharedChannels } from './channels.ts'
import type { SharedLocks } from './locks.ts'
import type { SharedPorts } from './ports.ts'
import type { SimulatedStorage } from './storage.ts'

export interface EnginePlace {
  readonly page: Agent
  readonly locks: SharedLocks
  readonly channels: SharedChannels
  readonly ports: SharedPorts
  readonly storage: SimulatedStorage
}

/** Starts an engine that dies with its page. */
export function startInProcessEngine({ page, locks, channels, ports, storage }: EnginePlace): Transport {
  const agent = new Agent()
  page.onEnd(() => agent.end())
  const { environment } = agent
  const agentLocks = locks.of(agent)
  const tabs = new Leadership(
    {
      locks: agentLocks,
      random: environment.random,
      openChannel: (name) => channels.open(agent, name),
      wrapPort: (port) => ports.wrap(agent, port),
    },
    (port) => {
      port.onmessage = (data) => receive(data, port)
    },
  )
  const platform = {
    environment,
    storage: NO_STORAGE(environment),
    tabs,
    holdLock: (name: string) =>
      new Promise<void>((resolve, reject) => {
        const hold = () => {
          resolve()
          return new Promise<never>(() => {})
        }
        agentLocks.request(name, hold).catch(reject)
      }),
    persisted: async () => false,
  }
  const transport: Transport = {
    onmessage: undefined,
    onfailure: undefined,
    postMessage: (message) => {
      if (!page.alive) return
      agent.deliver(() => {
        if (isStorageJob(message)) answer(storage.answer(message))
        else receive(message)
      })
    },
    terminate: () => agent.end(),
  }
  const answer = (message: FromEngine | StorageAnswer) => {
    if (agent.alive) page.deliver(() => transport.onmessage?.(message))
  }
  const receive: Receive = startEngineWorker(
    { postMessage: answer },
    platform,
    storedEngines(platform, async (start) => storage.open(start, agent)),
  )
  return transport
}

/** What a browser's engine chooses from; here the choice is made. */
const NO_STORAGE = (environment: Platform['environment']): Platform => ({
  environment,
  getDirectory: undefined,
  indexedDb: undefined,
  locks: undefined,
  deviceMemoryBytes: undefined,
})
