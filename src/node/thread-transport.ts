// A thread of this process as an engine's worker. It stands apart because a thread, unlike a page's worker, tells when it
// has ended, and ends later than it was told to.

import { Worker } from 'node:worker_threads'
import type { Transport } from '../coordination/platform.ts'

export interface ThreadOptions {
  readonly data: unknown
  /** The thread starts once this has settled. */
  readonly after: Promise<void> | undefined
  /** Called once when the thread is no more, however it ended. */
  readonly onEnd: () => void
}

/** What a client transfers are buffers: there are no brokers here, whose ports would be others. */
type Message = [message: Parameters<Transport['postMessage']>[0], transfer: readonly ArrayBuffer[]]

export class ThreadTransport implements Transport {
  onmessage: Transport['onmessage']
  onfailure: Transport['onfailure']
  /** Resolves once the thread is no more. */
  readonly ended: Promise<void>
  #thread: Worker | undefined
  #terminated = false
  readonly #waiting: Message[] = []

  constructor(url: string | URL, options: ThreadOptions) {
    this.ended = this.#run(url, options)
  }

  postMessage(message: Message[0], transferred: Transferable[]): void {
    const transfer = transferred as ArrayBuffer[]
    if (this.#thread) this.#thread.postMessage(message, transfer)
    else this.#waiting.push([message, transfer])
  }

  terminate(): void {
    this.#terminated = true
    this.onmessage = this.onfailure = undefined
    void this.#thread?.terminate()
  }

  async #run(url: string | URL, { data, after, onEnd }: ThreadOptions): Promise<void> {
    await after
    if (this.#terminated) return
    const thread = new Worker(new URL(url, import.meta.url), { workerData: data, name: 'datasync' })
    this.#thread = thread
    for (const [message, transfer] of this.#waiting.splice(0)) thread.postMessage(message, transfer)
    thread.on('message', (message: unknown) => this.onmessage?.(message))
    const fail = (message: string) => this.onfailure?.({ kind: 'crash', message, url: String(url) })
    await new Promise<void>((resolve) => {
      let cause: unknown
      thread.on('error', (error) => {
        cause = error
      })
      thread.on('messageerror', () => fail('a message from the thread could not be deserialized'))
      thread.on('exit', (code) => {
        onEnd()
        resolve()
        fail(cause === undefined ? `its thread ended with code ${code}` : String(cause))
      })
    })
  }
}
