// Web Locks among the agents of one simulated browser, as the specification has them: exclusive and shared, queued in
// order, `ifAvailable`, `steal`, signals. What a dead agent held is free, what it wanted is forgotten.

import type { Agent } from './agent.ts'

type Callback = (lock: { readonly name: string } | null) => unknown
export type AgentLocks = Pick<LockManager, 'request' | 'query'>

interface LockRequest {
  readonly agent: Agent
  readonly name: string
  readonly shared: boolean
  readonly callback: Callback
  resolve(value: unknown): void
  reject(error: unknown): void
}

export class SharedLocks {
  #held: LockRequest[] = []
  #queued: LockRequest[] = []

  /** The locks as one agent sees them. */
  of(agent: Agent): AgentLocks {
    agent.onEnd(() => {
      const lost = this.#held.filter((request) => request.agent === agent)
      this.#held = this.#held.filter((request) => request.agent !== agent)
      this.#queued = this.#queued.filter((request) => request.agent !== agent)
      for (const { name } of lost) this.#grantNext(name)
    })
    const request = (name: string, ...rest: unknown[]) => {
      const options = (rest.length > 1 ? rest[0] : {}) as LockOptions
      return this.#request(agent, name, options, rest.at(-1) as Callback)
    }
    const query = async () => ({ held: named(this.#held), pending: named(this.#queued) })
    return { request, query } as AgentLocks
  }

  #request(agent: Agent, name: string, options: LockOptions, callback: Callback): Promise<unknown> {
    const { signal, ifAvailable = false, steal = false, mode } = options
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(aborted('The request was withdrawn.'))
      const request = { agent, name, shared: mode === 'shared', callback, resolve, reject }
      signal?.addEventListener('abort', () => this.#withdraw(request), { once: true })
      if (steal) this.#take(name)
      const isFirst = !this.#queued.some((queued) => queued.name === name)
      if (steal || (isFirst && this.#isFree(request))) this.#grant(request)
      else if (ifAvailable) agent.deliver(() => settle(request, null))
      else this.#queued.push(request)
    })
  }

  #isFree({ name, shared }: LockRequest): boolean {
    return this.#held.every((holder) => holder.name !== name || (shared && holder.shared))
  }

  #grant(request: LockRequest): void {
    this.#held.push(request)
    request.agent.deliver(() => {
      if (!this.#held.includes(request)) return
      const release = () => {
        this.#held = this.#held.filter((holder) => holder !== request)
        this.#grantNext(request.name)
      }
      settle(request, { name: request.name }).then(release, release)
    })
  }

  #grantNext(name: string): void {
    for (const request of this.#queued.filter((queued) => queued.name === name)) {
      if (!this.#isFree(request)) return
      this.#queued = this.#queued.filter((queued) => queued !== request)
      this.#grant(request)
    }
  }

  #take(name: string): void {
    const holders = this.#held.filter((holder) => holder.name === name)
    this.#held = this.#held.filter((holder) => holder.name !== name)
    for (const { agent, reject } of holders) agent.deliver(() => reject(aborted('The lock was stolen.')))
  }

  #withdraw(request: LockRequest): void {
    if (!this.#queued.includes(request)) return
    this.#queued = this.#queued.filter((queued) => queued !== request)
    request.reject(aborted('The request was withdrawn.'))
    this.#grantNext(request.name)
  }
}

async function settle({ callback, resolve, reject }: LockRequest, lock: Parameters<Callback>[0]): Promise<void> {
  try {
    resolve(await callback(lock))
  } catch (error) {
    reject(error)
  }
}

function named(requests: readonly LockRequest[]): LockInfo[] {
  return requests.map(({ name, shared }) => ({ name, mode: shared ? 'shared' : 'exclusive', clientId: '' }))
}

const aborted = (why: string) => new DOMException(why, 'AbortError')
