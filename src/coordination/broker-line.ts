// A page's line to the broker, made when it is first wanted and kept. It stands apart because leading introduces its worker
// through it and following asks for ports through it.

import type { Port, TabPlatform } from './platform.ts'

export class BrokerLine {
  readonly #connect: () => Port | undefined
  #port: Port | undefined

  constructor(tabs: Pick<TabPlatform, 'connectBroker'>, workerUrl: string | URL | undefined) {
    this.#connect = () => tabs.connectBroker(workerUrl)
  }

  /** Undefined where there is no broker. */
  get port(): Port | undefined {
    this.#port ??= this.#connect()
    return this.#port
  }

  close(): void {
    this.#port?.close()
  }
}
