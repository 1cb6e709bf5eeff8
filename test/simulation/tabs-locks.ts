// Web Locks among simulated agents, as the specification has them: exclusive and shared, queued in order, `ifAvailable`,
// `steal`, signals; a dead agent holds and wants nothing more, which the others notice a little later.
import type { Agent, World } from './tabs-world.ts'

type Callback = (lock: { name: string } | null) => unknown

interface LockRequest {
  readonly agent: Agent
  readonly name: string
  readonly shared: boolean
  readonly callback: Callback
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

const aborted = (why: string) => new DOMException(why, 'AbortError')

export class SimulatedLocks {
  readonly #world: World
  /** How many locks were taken from their holders. */
  stolen = 0
  readonly #held = new Map<string, LockRequest[]>()
  readonly #queued = new Map<string, LockRequest[]>()

  constructor(world: World) {
    this.#world = world
  }

  /** The locks as one agent sees them. */
  of(agent: Agent): Pick<LockManager, 'request' | 'query'> {
    agent.onDeath.add(() => this.#world.at(this.#world.nowMs + this.#world.delayMs(), () => this.#bury(agent)))
    const request = (name: string, ...rest: unknown[]) => {
      const callback = rest.at(-1) as Callback
      const options = (rest.length > 1 ? rest[0] : {}) as LockOptions
      return this.#request(agent, name, options, callback)
    }
    const query = async () => ({
      held: [...this.#held.values()].flat().map(({ name, agent }) => ({ name, clientId: agent.name })),
      pending: [...this.#queued.values()].flat().map(({ name, agent }) => ({ name, clientId: agent.name })),
    })
    return { request, query } as Pick<LockManager, 'request' | 'query'>
  }

  #request(agent: Agent, name: string, options: LockOptions, callback: Callback): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { signal, ifAvailable, steal, mode } = options
      const request: LockRequest = { agent, name, shared: mode === 'shared', callback, resolve, reject }
      if (signal?.aborted) {
        reject(aborted('the request was withdrawn'))
        return
      }
      this.#world.at(this.#world.nowMs + this.#world.chance.next(), () => {
        if (!agent.alive || signal?.aborted) return
        if (steal) {
          for (const holder of this.#held.get(name)?.splice(0) ?? []) {
            this.stolen++
            holder.agent.take(() => holder.reject(aborted('the lock was stolen')))
          }
          this.#grant(request)
        } else if (this.#isFree(request) && this.#queue(name).length === 0) this.#grant(request)
        else if (ifAvailable) agent.take(() => settleWith(request, callback(null)))
        else this.#queue(name).push(request)
      })
      signal?.addEventListener('abort', () => {
        const queue = this.#queue(name)
        const index = queue.indexOf(request)
        if (index >= 0) queue.splice(index, 1)
        if (!this.#held.get(name)?.includes(request)) reject(aborted('the request was withdrawn'))
        this.#next(name)
      })
    })
  }

  #queue(name: string): LockRequest[] {
    const queue = this.#queued.get(name) ?? []
    this.#queued.set(name, queue)
    return queue
  }

  #isFree({ name, shared }: LockRequest): boolean {
    const held = this.#held.get(name) ?? []
    return held.length === 0 || (shared && held.every((holder) => holder.shared))
  }

  #grant(request: LockRequest): void {
    const { name, agent, callback } = request
    const held = this.#held.get(name) ?? []
    held.push(request)
    this.#held.set(name, held)
    agent.deliver(this.#world.chance.next(), () => {
      if (!this.#held.get(name)?.includes(request)) return
      this.#world.trace?.(`${agent.name} gets ${request.shared ? 'shared ' : ''}${name}`)
      const result = callback({ name })
      const release = () => {
        const index = held.indexOf(request)
        if (index >= 0) held.splice(index, 1)
        this.#world.trace?.(`${agent.name} leaves ${name}`)
        this.#next(name)
      }
      settleWith(request, result)
      Promise.resolve(result).then(release, release)
    })
  }

  #next(name: string): void {
    const queue = this.#queue(name)
    for (let first = queue[0]; first && this.#isFree(first); first = queue[0]) {
      queue.shift()
      this.#grant(first)
    }
  }

  #bury(agent: Agent): void {
    for (const [name, held] of this.#held) {
      for (let i = held.length - 1; i >= 0; i--) if (held[i]?.agent === agent) held.splice(i, 1)
      const queue = this.#queue(name)
      for (let i = queue.length - 1; i >= 0; i--) if (queue[i]?.agent === agent) queue.splice(i, 1)
      this.#next(name)
    }
  }
}

function settleWith({ resolve, reject }: LockRequest, result: unknown): void {
  Promise.resolve(result).then(resolve, reject)
}
