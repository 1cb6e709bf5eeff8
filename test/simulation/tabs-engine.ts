// What stands for the engine in the simulation of many tabs: it runs requests one by one on the simulated storage, takes
// its time for each, and answers as the real one does.

import { DeviceError } from '../../src/device/device.ts'
import { acquireStoreLock, Patience } from '../../src/device/store-lock.ts'
import type { OpenEngine, OpenedEngine } from '../../src/engine/open-engine.ts'
import type { ClientPort } from '../../src/engine/session.ts'
import { StorageError } from '../../src/errors/errors.ts'
import { toWireError } from '../../src/errors/wire.ts'
import type { Answer, ClientId, Request, Requests } from '../../src/protocol/messages.ts'
import { packValues, unpackValues } from '../support/reference-codec.ts'
import { type SimulatedStorage, type SimulatedStore, takeHandles } from './tabs-storage.ts'
import type { Agent } from './tabs-world.ts'

/** How engines of one worker are opened. */
export function simulatedEngines(
  agent: Agent,
  locks: Pick<LockManager, 'request'>,
  storage: SimulatedStorage,
  onBroken: (error: unknown) => void,
): OpenEngine {
  const { world, environment } = agent
  const pause = (ms: number) => new Promise<void>((resolve) => agent.deliver(ms, resolve))
  return async ({ name, steal, mustExist }) => {
    const storeLocks = {
      request: (lock: string, options: LockOptions, callback: never) => locks.request(lock, options, callback),
    }
    const platform = {
      environment,
      getDirectory: undefined,
      indexedDb: undefined,
      locks: storeLocks,
      deviceMemoryBytes: undefined,
    }
    const patience = new Patience(environment.clock, 5000)
    const release = await acquireStoreLock(platform, name, patience, steal)
    try {
      if (storage.fence === 'handles') await takeHandles(agent, storage, patience)
      await pause(world.delayMs() + (world.chance.chance(0.05) ? 1500 : 0))
      const store = storage.take(mustExist === true)
      const created = store.term === 0
      const term = ++store.term
      storage.owner = agent
      storage.terms++
      await pause(world.delayMs())
      return new SimulatedEngine({ agent, storage, store, term, created, release, pause, onBroken })
    } catch (error) {
      if (storage.owner === agent) storage.owner = undefined
      release()
      throw error
    }
  }
}

interface Parts {
  readonly agent: Agent
  readonly storage: SimulatedStorage
  readonly store: SimulatedStore
  readonly term: number
  readonly created: boolean
  readonly release: () => void
  readonly pause: (ms: number) => Promise<void>
  readonly onBroken: (error: unknown) => void
}

class SimulatedEngine implements OpenedEngine {
  readonly term: number
  readonly storeId: string
  readonly rememberedClients: readonly ClientId[]
  readonly #parts: Parts
  readonly #ports = new Map<ClientId, ClientPort>()
  #work: Promise<void> = Promise.resolve()
  #ended = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.term = parts.term
    this.storeId = parts.store.storeId
    this.rememberedClients = [...parts.store.outcomes.keys()]
  }

  async info() {
    const { term, storeId } = this
    const rest = { blockSize: 4096, checksum: 'none', persisted: false, sqliteVersion: '3', readOnly: false } as const
    return {
      storage: 'opfs',
      why: [],
      created: this.#parts.created,
      term,
      storeId,
      contentId: storeId,
      ...rest,
    } as const
  }

  attach(client: ClientId, _: unknown, port: ClientPort): void {
    this.#ports.set(client, port)
  }

  receive(message: Requests): void {
    const { client, requests, payload } = message
    const port = this.#ports.get(client)
    if (!port) return
    const outcomes = this.#parts.store.outcomes.get(client)
    for (const seq of outcomes?.keys() ?? []) if (seq <= message.ackedThrough) outcomes?.delete(seq)
    for (const request of requests)
      this.#work = this.#work.then(() => this.#run(client, port, request, payload)).catch(this.#parts.onBroken)
  }

  async detach(client: ClientId): Promise<void> {
    this.#ports.delete(client)
    this.#parts.store.outcomes.delete(client)
  }

  broadcast(): void {}
  syncSoon(): void {}

  async afterReady(): Promise<void> {}
  async stillThere(): Promise<void> {}

  async close(): Promise<void> {
    const { storage, agent, release } = this.#parts
    await this.#work
    this.#ended = true
    if (storage.owner === agent) storage.owner = undefined
    release()
  }

  async #run(client: ClientId, port: ClientPort, request: Request, payload: ArrayBuffer | undefined): Promise<void> {
    if (request.type !== 'statement' || this.#ended || this.#ports.get(client) !== port) return
    const { agent, storage, store, pause } = this.#parts
    const { chance } = agent.world
    if (chance.chance(0.01)) agent.busy(chance.next() * 1200)
    await pause(chance.next())
    if (this.#ended || !agent.alive || !this.#ports.has(client)) return
    const { seq } = request
    const plain = { type: 'result', seq, changes: 1, lastInsertRowid: 0n, queuedMs: 0, ranMs: 0 } as const
    if (request.want !== 'changes') {
      const rows = packValues([BigInt(store.rows.size)]).buffer
      await pause(chance.next())
      const answer: Answer = { ...plain, changes: 0, columns: ['n'], rows: { at: 0, bytes: rows.byteLength, count: 1 } }
      port.post({ type: 'answers', answers: [answer], payload: rows }, [rows])
      return
    }
    try {
      if (store.outcomes.get(client)?.has(seq)) storage.answeredAgain++
      else {
        const { at, bytes, count } = request.parameters!
        storage.commit(agent, store, client, seq, Number(unpackValues(payload!, at, bytes, count)[0]))
      }
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error
      this.#ended = true
      const gone = new StorageError('busy', 'Another owner has taken over this database.', { cause: error })
      for (const each of this.#ports.values())
        each.post({ type: 'event', event: { name: 'terminated', error: toWireError(gone) } }, [])
      return
    }
    await pause(chance.next() * 3)
    port.post({ type: 'answers', answers: [plain] }, [])
  }
}
