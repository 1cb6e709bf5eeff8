// The import of a SQLite file: one request, and beside it the file's bytes as the engine takes them. It stands apart because
// it is the one call whose values are not known when it is made.
//
// Invariants: at most WINDOW_BYTES are on their way; nothing is read from the source once the call has settled; the source
// is cancelled unless it was read to its end.

import { readDone } from './answer-readers.ts'
import type { CallObserver } from './call.ts'
import { type ImportSource, readSource, type SourceReader } from './import-source.ts'
import type { ProgressOptions } from './options.ts'
import type { Session } from './session.ts'

export type { ImportSource }

const WINDOW_BYTES = 4 << 20

/** Settles as the import does. */
export async function importFile(
  session: Session,
  source: ImportSource,
  options: ProgressOptions | undefined,
): Promise<void> {
  const feed = new Feed(session, readSource(source))
  const watch = session.watch.observe()
  const observer: CallObserver = {
    made(abandon) {
      feed.abandon = abandon
      watch?.made(abandon)
    },
    settled() {
      feed.end()
      watch?.settled()
    },
  }
  try {
    await session.line.call<void>({
      build: () => ({ type: 'import', totalBytes: feed.totalBytes }),
      reader: readDone,
      signal: options?.signal,
      timeoutMs: options?.timeoutMs ?? 0,
      resend: false,
      get ifLost() {
        return feed.sentAll ? 'unknown' : 'no'
      },
      observer,
      onProgress: (done, total) => {
        feed.credit(done)
        options?.onProgress?.(done, total)
      },
      numbered: (seq) => void feed.run(seq),
    })
  } finally {
    feed.end()
  }
}

class Feed {
  abandon: ((error: Error) => void) | undefined
  /** From here on the engine may put the file in force. */
  sentAll = false
  readonly #session: Session
  readonly #source: SourceReader
  #sentBytes = 0
  #takenBytes = 0
  #over = false
  #wake: (() => void) | undefined

  constructor(session: Session, source: SourceReader) {
    this.#session = session
    this.#source = source
  }

  get totalBytes(): number {
    return this.#source.totalBytes
  }

  /** The engine has taken so many bytes in all. */
  credit(takenBytes: number): void {
    this.#takenBytes = takenBytes
    this.#wake?.()
  }

  end(): void {
    if (this.#over) return
    this.#over = true
    this.#wake?.()
    if (!this.sentAll) this.#source.cancel()
  }

  /** Sends the file as the engine takes it. */
  async run(seq: number): Promise<void> {
    try {
      while (!this.#over && !this.sentAll) {
        const piece = await this.#source.next()
        await this.#room()
        if (this.#over) return
        this.#sentBytes += piece?.length ?? 0
        this.sentAll = piece === undefined
        this.#session.line.importPart(seq, piece ?? new Uint8Array(0), this.sentAll)
      }
    } catch (error) {
      this.abandon?.(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #room(): Promise<void> {
    while (!this.#over && this.#sentBytes - this.#takenBytes >= WINDOW_BYTES) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }
}
