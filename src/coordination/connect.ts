// How a client of another page gets a line to the leading worker: a port through the broker, or else a private channel.
// It stands apart because the choice is made anew for each term and kept for as long as that lasts.

import type { Clock, Random } from '../environment.ts'
import type { ClientId } from '../protocol/messages.ts'
import type { BrokerLine } from './broker-line.ts'
import { ChannelPort } from './channel-transport.ts'
import { hex } from './hex.ts'
import type { TransportName } from './member.ts'
import { privateChannelName } from './names.ts'
import type { Port, TabPlatform, Transport } from './platform.ts'
import type { Rendezvous } from './rendezvous.ts'

/** Two releases have two brokers: whoever gets no word from its own in this time takes the channel. */
const SILENT_MS = 200
/** How long the broker may take to start, once per page. */
const START_MS = 1000

export interface Connection {
  readonly transport: Transport
  readonly name: TransportName
}

export interface ConnectOptions {
  readonly tabs: TabPlatform
  readonly clock: Clock
  readonly random: Random
  readonly name: string
  readonly client: ClientId
  /** The number of the leading worker. */
  readonly engine: string
  readonly broker: BrokerLine
  readonly rendezvous: Rendezvous
  /** Aborted when the leader is gone or another way was found; then the promise never resolves. */
  readonly signal: AbortSignal
}

/** Resolves to a line to the leader. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const port = await throughBroker(options)
  if (port) return { transport: portTransport(port), name: 'broker' }
  return { transport: portTransport(await throughChannel(options)), name: 'channel' }
}

function throughBroker({
  tabs,
  clock,
  name,
  client,
  engine,
  broker,
  signal,
}: ConnectOptions): Promise<Port | undefined> {
  if (!broker.exists) return Promise.resolve(undefined)
  return new Promise((resolve) => {
    const [ours, other] = tabs.newPorts()
    const own = tabs.wrapPort(ours)
    let cancelTimer = () => {}
    const settle = (port: Port | undefined) => {
      cancelTimer()
      broker.onForwarded = broker.onHere = undefined
      if (!port) own.close()
      resolve(port)
    }
    const wait = (ms: number) => {
      cancelTimer()
      cancelTimer = clock.after(ms, () => settle(undefined))
    }
    broker.onForwarded = (answer) => {
      if (answer.client === client && answer.engine === engine) settle(own)
    }
    broker.onHere = () => wait(SILENT_MS)
    signal.addEventListener('abort', () => settle(undefined), { once: true })
    broker.say({ type: 'connect', name, engine, client, port: other })
    wait(broker.isHere ? SILENT_MS : START_MS)
  })
}

/** The leader opens its end when it is told to; it may have ended, then it never does. */
function throughChannel({ tabs, random, name, client, engine, rendezvous, signal }: ConnectOptions): Promise<Port> {
  // What was said about an earlier attempt must not be heard in this one.
  const line = hex(random.bytes(8))
  return new Promise((resolve) => {
    const port = new ChannelPort(tabs.openChannel(privateChannelName(name, client, line)), 'client')
    const onAbort = () => port.close()
    signal.addEventListener('abort', onAbort, { once: true })
    port.onmessage = () => {
      signal.removeEventListener('abort', onAbort)
      port.onmessage = undefined
      resolve(port)
    }
    if (signal.aborted) port.close()
    else rendezvous.say({ type: 'connect', client, engine, line })
  })
}

function portTransport(port: Port): Transport {
  const transport: Transport = {
    onmessage: undefined,
    onfailure: undefined,
    postMessage: (message, transfer) => port.postMessage(message, transfer),
    terminate: () => port.close(),
  }
  port.onmessage = (data) => transport.onmessage?.(data)
  return transport
}
