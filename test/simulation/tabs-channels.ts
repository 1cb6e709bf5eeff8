// BroadcastChannels and message ports among simulated agents. A port that is transferred belongs to whoever wraps it, and
// keeps what was sent to it until then.
import type { Channel, Port } from '../../src/coordination/platform.ts'
import { type Agent, Way } from './tabs-world.ts'

export class SimulatedChannels {
  readonly #open = new Map<string, Set<SimulatedChannel>>()

  open(agent: Agent, name: string): Channel {
    const members = this.#open.get(name) ?? new Set()
    this.#open.set(name, members)
    const channel = new SimulatedChannel(agent, members)
    members.add(channel)
    agent.onDeath.add(() => members.delete(channel))
    return channel
  }
}

class SimulatedChannel implements Channel {
  onmessage: ((data: unknown) => void) | undefined
  readonly agent: Agent
  readonly #members: Set<SimulatedChannel>
  readonly #ways = new Map<SimulatedChannel, Way>()

  constructor(agent: Agent, members: Set<SimulatedChannel>) {
    this.agent = agent
    this.#members = members
  }

  postMessage(message: unknown): void {
    if (!this.agent.alive) return
    if (!this.#members.has(this)) throw new Error('the channel is closed')
    this.agent.world.trace?.(
      `${this.agent.name} says ${JSON.stringify(message, (_, value) => (typeof value === 'bigint' ? `${value}` : value)).slice(0, 160)}`,
    )
    for (const other of this.#members) {
      if (other === this) continue
      const way = this.#ways.get(other) ?? new Way(other.agent)
      this.#ways.set(other, way)
      way.send(() => {
        if (this.#members.has(other)) other.onmessage?.(message)
      })
    }
  }

  close(): void {
    this.#members.delete(this)
  }
}

/** One end of a pair, before it is wrapped by the agent that uses it. */
export class PortEnd {
  other: PortEnd | undefined
  /** Set by the agent that wraps it. */
  receive: ((message: unknown) => void) | undefined
  agent: Agent | undefined
  closed = false
  #way: Way | undefined
  readonly #early: unknown[] = []

  send(message: unknown): void {
    const to = this.other
    if (!to || to.closed || this.closed) return
    if (!to.agent) {
      to.#early.push(message)
      return
    }
    to.#way ??= new Way(to.agent)
    to.#way.send(() => {
      if (!to.closed) to.receive?.(message)
    })
  }

  /** Makes it a port of `agent`. */
  wrap(agent: Agent): Port {
    this.agent = agent
    const port: Port = {
      onmessage: undefined,
      postMessage: (message) => {
        if (agent.alive) this.send(message)
      },
      close: () => {
        this.closed = true
      },
    }
    this.receive = (message) => port.onmessage?.(message)
    this.#way ??= new Way(agent)
    for (const message of this.#early.splice(0))
      this.#way.send(() => {
        if (!this.closed) port.onmessage?.(message)
      })
    return port
  }
}

export function newPortEnds(): readonly [PortEnd, PortEnd] {
  const ends = [new PortEnd(), new PortEnd()] as const
  ends[0].other = ends[1]
  ends[1].other = ends[0]
  return ends
}
