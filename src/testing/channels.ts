// Broadcast channels among the agents of one simulated browser. Messages are handed over as they are: no sender of this
// package looks at one again after it was sent.

import type { Channel } from '../coordination/platform.ts'
import type { Agent } from './agent.ts'

interface Member {
  readonly agent: Agent
  readonly channel: Channel
}

export class SharedChannels {
  readonly #members = new Map<string, Set<Member>>()

  open(agent: Agent, name: string): Channel {
    const members = this.#members.get(name) ?? new Set()
    this.#members.set(name, members)
    const channel: Channel = {
      onmessage: undefined,
      postMessage(message) {
        if (!agent.alive) return
        for (const other of members) if (other !== member) other.agent.deliver(() => take(other, message))
      },
      close: () => members.delete(member),
    }
    const take = (to: Member, message: unknown) => {
      if (members.has(to)) to.channel.onmessage?.(message)
    }
    const member: Member = { agent, channel }
    members.add(member)
    agent.onEnd(() => members.delete(member))
    return channel
  }
}
