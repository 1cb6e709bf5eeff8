// What is stored for the site in the simulation of many tabs: rows that are numbers, outcomes per client as in the commit
// records, a term, and one of the two fences: handles that only one worker has (and that a browser keeps for a while after
// its death), or a head that every commit compares. It can be deleted, and made anew under another number.
//
// Invariants, asserted at each commit: no row twice; the owner's term is the newest; a client's outcome is written once;
// nothing is written into a database that was deleted, and none is deleted while somebody owns it.

import { DeviceError } from '../../src/device/device.ts'
import { acquireStoreLock, Patience } from '../../src/device/store-lock.ts'
import { StorageError } from '../../src/errors/errors.ts'
import type { ClientId } from '../../src/protocol/messages.ts'
import { Broken } from './sqlite-crash.ts'
import type { Agent } from './tabs-world.ts'

export type Fence = 'handles' | 'head'

/** One database, from its making to its deletion. */
export class SimulatedStore {
  readonly storeId: string
  term = 0
  /** Its deletion has begun, and is finished by whoever opens or deletes next. */
  deleting = false
  readonly rows = new Set<number>()
  readonly outcomes = new Map<ClientId, Map<number, number>>()

  constructor(number: number) {
    this.storeId = number.toString(16).padStart(32, '0')
  }
}

export class SimulatedStorage {
  readonly fence: Fence
  store: SimulatedStore | undefined
  owner: Agent | undefined
  /** Until then the browser keeps a dead worker's handles. */
  handlesFreeMs = 0
  terms = 0
  deletions = 0
  answeredAgain = 0
  #stores = 0

  constructor(fence: Fence) {
    this.fence = fence
  }

  /** The store for a new owner; throws StorageError `evicted` if there is none and none is to be made. */
  take(mustExist: boolean): SimulatedStore {
    if (this.store?.deleting) this.remove()
    if (!this.store && mustExist) throw new StorageError('evicted', 'The database is gone.')
    this.store ??= new SimulatedStore(++this.#stores)
    return this.store
  }

  remove(): void {
    this.store = undefined
    this.deletions++
  }

  commit(owner: Agent, store: SimulatedStore, client: ClientId, seq: number, row: number): void {
    if (this.owner !== owner) {
      if (this.fence === 'handles') throw new Broken('a worker writes through handles that it does not have')
      throw new DeviceError('fenced', 'another owner has taken over')
    }
    if (this.store !== store) throw new Broken(`row ${row} is written into a database that was deleted`)
    if (store.rows.has(row)) throw new Broken(`row ${row} is written twice`)
    store.rows.add(row)
    const outcomes = store.outcomes.get(client) ?? new Map<number, number>()
    if (outcomes.has(seq)) throw new Broken(`request ${seq} of ${client} is applied twice`)
    outcomes.set(seq, row)
    store.outcomes.set(client, outcomes)
  }
}

/** Takes the handles as a new owner; one that is alive keeps them. */
export async function takeHandles(agent: Agent, storage: SimulatedStorage, patience: Patience): Promise<void> {
  await patience.retry(
    async () => {
      const { owner } = storage
      if (owner?.alive || agent.world.nowMs < storage.handlesFreeMs)
        throw new StorageError('busy', 'The handles are taken.', { retryable: true })
      storage.owner = agent
      agent.onDeath.add(() => {
        if (storage.owner !== agent) return
        storage.owner = undefined
        storage.handlesFreeMs = agent.world.nowMs + (agent.world.chance.chance(0.1) ? 2000 : 5)
      })
    },
    (error) => error instanceof StorageError,
  )
}

/** Deletes what is stored as a worker does; answers whether there was anything. */
export async function deleteSimulated(
  agent: Agent,
  locks: Pick<LockManager, 'request'>,
  storage: SimulatedStorage,
): Promise<boolean> {
  const { world, environment } = agent
  const pause = () => new Promise<void>((resolve) => agent.deliver(world.delayMs(), resolve))
  const patience = new Patience(environment.clock, 5000)
  const platform = { environment, getDirectory: undefined, indexedDb: undefined, locks, deviceMemoryBytes: undefined }
  const release = await acquireStoreLock(platform, 'app.db', patience)
  try {
    if (!storage.store) return false
    // Connections to IndexedDB are closed by their owners when somebody deletes.
    if (storage.fence === 'handles') await takeHandles(agent, storage, patience)
    await pause()
    if (storage.store) storage.store.deleting = true
    await pause()
    storage.remove()
    await pause()
    return true
  } finally {
    if (storage.owner === agent) storage.owner = undefined
    release()
  }
}
