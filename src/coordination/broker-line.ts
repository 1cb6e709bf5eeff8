// A page's line to the broker, made when it is first wanted and kept. It stands apart because leading introduces its worker
// through it and following asks for ports through it, and because a broker may have to be started first.

import type { FromBroker, ToBroker } from './broker.ts'
import type { Port, TabPlatform } from './platform.ts'

export type Forwarded = Extract<FromBroker, { type: 'forwarded' }>

export class BrokerLine {
  readonly #connect: () => Port | undefined
  #port: Port | undefined
  /** True once the broker has said that it runs. */
  isHere = false
  onHere: (() => void) | undefined
  onForwarded: ((message: Forwarded) => void) | undefined

  constructor(tabs: Pick<TabPlatform, 'connectBroker'>, workerUrl: string | URL | undefined) {
    this.#connect = () => tabs.connectBroker(workerUrl)
  }

  /** False where there is no broker; then there may be no ports either. */
  get exists(): boolean {
    return this.#line() !== undefined
  }

  say(message: ToBroker): void {
    this.#line()?.postMessage(message, [message.port])
  }

  close(): void {
    this.#port?.close()
  }

  #line(): Port | undefined {
    if (this.#port) return this.#port
    const port = this.#connect()
    if (!port) return undefined
    this.#port = port
    port.onmessage = (data) => {
      const message = data as FromBroker
      if (message.type === 'forwarded') this.onForwarded?.(message)
      else if (message.type === 'here') {
        this.isHere = true
        this.onHere?.()
      }
    }
    return port
  }
}
