// Message ports among the agents of one simulated browser. What is passed on is a token, since only those that the platform
// knows can be transferred; whoever wraps it has that end, and gets what was sent to it before.

import type { Port } from '../coordination/platform.ts'
import { UsageError } from '../errors/errors.ts'
import type { Agent } from './agent.ts'

interface End {
  /** Unknown until the end is wrapped. */
  agent: Agent | undefined
  port: Port | undefined
  closed: boolean
  readonly early: unknown[]
}

export class SharedPorts {
  readonly #ends = new WeakMap<Transferable, { readonly own: End; readonly other: End }>()

  /** Tokens for two connected ends. */
  pair(): readonly [Transferable, Transferable] {
    const tokens = [new ArrayBuffer(0), new ArrayBuffer(0)] as const
    const ends = [newEnd(), newEnd()] as const
    this.#ends.set(tokens[0], { own: ends[0], other: ends[1] })
    this.#ends.set(tokens[1], { own: ends[1], other: ends[0] })
    return tokens
  }

  /** Makes an end a port of `agent`, which is closed by its death. */
  wrap(agent: Agent, token: Transferable): Port {
    const ends = this.#ends.get(token)
    if (!ends) throw new UsageError('internal', 'This port is not one of this simulated browser.')
    const { own, other } = ends
    const port: Port = {
      onmessage: undefined,
      postMessage: (message) => {
        if (agent.alive && !own.closed) deliver(other, message)
      },
      close: () => {
        own.closed = true
      },
    }
    own.agent = agent
    own.port = port
    for (const message of own.early.splice(0)) deliver(own, message)
    return port
  }
}

function newEnd(): End {
  return { agent: undefined, port: undefined, closed: false, early: [] }
}

function deliver(end: End, message: unknown): void {
  if (!end.agent) end.early.push(message)
  else
    end.agent.deliver(() => {
      if (!end.closed) end.port?.onmessage?.(message)
    })
}
