// What V8 holds for a page or its worker, asked over the DevTools protocol; a busy worker answers too. It stands apart
// because the driver speaks to pages only: a worker's target is reached through its page's session.
import type { CDPSession } from 'playwright-core'
import { within } from './processes.ts'

const ANSWER_MS = 30_000

export interface HeapUsage {
  /** Objects of JavaScript, in bytes. */
  readonly usedBytes: number
  /** What array buffers hold outside V8's heap, in bytes; the memory of WebAssembly is not among it. */
  readonly bufferBytes: number
}

/** V8's own name for it is not yet in the driver's types. */
type Usage = { readonly usedSize: number; readonly backingStorageSize?: number }

export async function pageHeap(session: CDPSession): Promise<HeapUsage> {
  // Twice: buffers found dead are freed behind the first time.
  for (let time = 0; time < 2; time += 1)
    await within(ANSWER_MS, 'a collection of garbage', session.send('HeapProfiler.collectGarbage'))
  return usage(await within(ANSWER_MS, "a page's heap", session.send('Runtime.getHeapUsage')))
}

/** The dedicated worker that the page of this session started last. */
export class ChromiumWorker {
  readonly #session: CDPSession
  readonly #waiting = new Map<number, (result: Usage) => void>()
  #worker: string | undefined
  #calls = 0

  private constructor(session: CDPSession) {
    this.#session = session
    session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
      if (targetInfo.type === 'worker') this.#worker = sessionId
    })
    session.on('Target.receivedMessageFromTarget', ({ message }) => {
      const { id, result }: { id?: number; result?: Usage } = JSON.parse(message)
      if (id === undefined || !result) return
      this.#waiting.get(id)?.(result)
      this.#waiting.delete(id)
    })
  }

  /** Follows the workers of a page, those that it has and those to come. */
  static async watch(session: CDPSession): Promise<ChromiumWorker> {
    const worker = new ChromiumWorker(session)
    const follow = { autoAttach: true, waitForDebuggerOnStart: false, flatten: false }
    await within(ANSWER_MS, 'the workers of a page', session.send('Target.setAutoAttach', follow))
    return worker
  }

  /** What it holds now, garbage included. */
  async heap(): Promise<HeapUsage> {
    const sessionId = this.#worker
    if (sessionId === undefined) throw new Error('The page has no worker.')
    const id = ++this.#calls
    const answered = new Promise<Usage>((resolve) => this.#waiting.set(id, resolve))
    const message = JSON.stringify({ id, method: 'Runtime.getHeapUsage' })
    await this.#session.send('Target.sendMessageToTarget', { sessionId, message })
    return usage(await within(ANSWER_MS, "a worker's heap", answered))
  }
}

function usage({ usedSize, backingStorageSize }: Usage): HeapUsage {
  if (backingStorageSize === undefined) throw new Error('This Chromium does not tell what buffers take.')
  return { usedBytes: usedSize, bufferBytes: backingStorageSize }
}
