// Stands in for the `Worker` that the package starts: its script runs on this thread, with a scope of its own, at the other
// end of a message channel. The bundler gives that script `ownScope` for `self`.

interface OwnScope {
  onmessage: ((event: MessageEvent) => void) | null
  postMessage(message: unknown, transfer: Transferable[]): void
}

declare global {
  var ownScope: OwnScope
}

class WorkerOnThisThread extends EventTarget {
  onmessage: ((event: MessageEvent) => void) | null = null
  onerror: unknown = null
  onmessageerror: unknown = null
  readonly #port: MessagePort

  constructor() {
    super()
    const { port1, port2 } = new MessageChannel()
    this.#port = port1
    port1.onmessage = (event) => this.onmessage?.(event)
    globalThis.ownScope = {
      onmessage: null,
      postMessage: (message, transfer) => port2.postMessage(message, transfer),
    }
    // What is said before the script has run waits in the channel.
    void loadEngine().then(() => {
      port2.onmessage = (event) => globalThis.ownScope.onmessage?.(event)
    })
  }

  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.#port.postMessage(message, transfer)
  }

  terminate(): void {
    this.#port.close()
  }
}

async function loadEngine(): Promise<void> {
  const address = '/peers/own-worker.js'
  await import(address)
}

Object.assign(globalThis, { Worker: WorkerOnThisThread })

export {}
