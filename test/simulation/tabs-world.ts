// Many tabs in one thread from one seed: virtual time, and agents (pages, workers, the broker) that get what was sent to
// them after a delay that the seed decides. An agent may die, freeze, or be busy for a while; what is due meanwhile is
// lost with it or waits. Locks, channels and ports stand on this (tabs-locks.ts, tabs-channels.ts).
//
// Invariants: what one agent sends another by one way arrives in order; nothing reaches a dead agent; a dead agent's
// locks are free some time later.
import type { Clock, Environment } from '../../src/environment.ts'
import type { Chance } from '../support/seeded.ts'

interface Event {
  readonly atMs: number
  readonly order: number
  readonly run: () => void
}

export class World {
  readonly chance: Chance
  nowMs = 0
  /** Told of every message and lock, for replaying a seed by eye. */
  trace: ((what: string) => void) | undefined
  readonly #events: Event[] = []
  #order = 0

  constructor(chance: Chance) {
    this.chance = chance
  }

  /** Calls back at a time; the returned function cancels it. */
  at(atMs: number, run: () => void): () => void {
    const event = { atMs: Math.max(atMs, this.nowMs), order: this.#order++, run }
    let low = 0
    let high = this.#events.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#events[middle]!
      if (other.atMs < event.atMs || (other.atMs === event.atMs && other.order < event.order)) low = middle + 1
      else high = middle
    }
    this.#events.splice(low, 0, event)
    return () => {
      const index = this.#events.indexOf(event)
      if (index >= 0) this.#events.splice(index, 1)
    }
  }

  /** Lets everything happen that is due until then. */
  async runUntil(endMs: number): Promise<void> {
    await settle()
    for (let next = this.#events[0]; next && next.atMs <= endMs; next = this.#events[0]) {
      this.#events.shift()
      this.nowMs = next.atMs
      next.run()
      await settle()
    }
    this.nowMs = endMs
  }

  /** How long a message takes: mostly nothing, now and then a while. */
  delayMs(): number {
    const { chance } = this
    if (chance.chance(0.9)) return chance.next() * 2
    return chance.chance(0.95) ? chance.next() * 40 : chance.next() * 400
  }
}

/** Something that runs code of its own: a page, a worker. */
export class Agent {
  readonly world: World
  readonly name: string
  readonly children: Agent[] = []
  alive = true
  /** Called at its death. */
  readonly onDeath = new Set<() => void>()
  #stopped = false
  #busyUntilMs = 0
  #waiting: (() => void)[] = []

  constructor(world: World, name: string, parent?: Agent) {
    this.world = world
    this.name = name
    parent?.children.push(this)
  }

  get environment(): Environment {
    const { world } = this
    return {
      clock: this.clock,
      random: { bytes: (count) => Uint8Array.from({ length: count }, () => world.chance.int(256)) },
    }
  }

  readonly clock: Clock = {
    epochMs: () => 1_700_000_000_000 + Math.floor(this.world.nowMs),
    monotonicMs: () => this.world.nowMs,
    after: (ms, callback) => {
      let cancelled = false
      const cancel = this.world.at(this.world.nowMs + ms, () => {
        this.take(() => {
          if (!cancelled) callback()
        })
      })
      return () => {
        cancelled = true
        cancel()
      }
    },
    yield: () => new Promise((resolve) => this.deliver(0, resolve)),
  }

  /** Runs something in this agent after a while. */
  deliver(ms: number, run: () => void): void {
    this.world.at(this.world.nowMs + ms, () => this.take(run))
  }

  /** Runs something in this agent now, or when it runs again. */
  take(run: () => void): void {
    if (!this.alive) return
    if (this.#stopped || this.#waiting.length > 0 || this.world.nowMs < this.#busyUntilMs) this.#waiting.push(run)
    else run()
  }

  /** Nothing gets through for so long. */
  busy(ms: number): void {
    this.#busyUntilMs = Math.max(this.#busyUntilMs, this.world.nowMs + ms)
    this.world.at(this.#busyUntilMs, () => this.#goOn())
  }

  freeze(): void {
    this.#stopped = true
    for (const child of this.children) child.freeze()
  }

  thaw(): void {
    this.#stopped = false
    for (const child of this.children) child.thaw()
    this.#goOn()
  }

  die(): void {
    if (!this.alive) return
    this.alive = false
    this.#waiting = []
    for (const child of this.children) child.die()
    for (const callback of this.onDeath) callback()
  }

  /** What waited runs one by one, each as a task of its own. */
  #goOn(): void {
    if (!this.alive || this.#stopped || this.world.nowMs < this.#busyUntilMs) return
    const next = this.#waiting.shift()
    next?.()
    if (this.#waiting.length > 0) this.world.at(this.world.nowMs, () => this.#goOn())
  }
}

/** A way from one agent to another that keeps the order. */
export class Way {
  readonly #to: Agent
  #lastMs = 0

  constructor(to: Agent) {
    this.#to = to
  }

  send(run: () => void): void {
    const { world } = this.#to
    this.#lastMs = Math.max(this.#lastMs, world.nowMs + world.delayMs())
    world.at(this.#lastMs, () => this.#to.take(run))
  }
}

/** Every promise that can settle does. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
