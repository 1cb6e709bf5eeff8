// Where an imported file comes from, read in pieces of about a megabyte that can be given away. It stands apart from the
// import because a Blob, bytes and a stream are read, fail and end in ways of their own.
import { ImportError, UsageError } from '../errors/errors.ts'

/** A SQLite file: a Blob or File, its bytes, or a stream of them. */
export type ImportSource = Blob | ReadableStream<Uint8Array> | Uint8Array | ArrayBuffer

const PIECE_BYTES = 1 << 20

export interface SourceReader {
  /** Bytes of the whole file; 0 where that is not known. */
  readonly totalBytes: number
  /** The next bytes, in a buffer of their own; undefined at the end. Throws ImportError `import-unreadable`. */
  next(): Promise<Uint8Array<ArrayBuffer> | undefined>
  /** Nothing more is wanted. */
  cancel(): void
}

/** Throws UsageError `invalid-argument` for anything else than an ImportSource. */
export function readSource(source: unknown): SourceReader {
  if (typeof Blob !== 'undefined' && source instanceof Blob)
    return inPieces(source.size, async (from, to) => new Uint8Array(await source.slice(from, to).arrayBuffer()))
  if (source instanceof ArrayBuffer || source instanceof Uint8Array) {
    const bytes = source instanceof Uint8Array ? source : new Uint8Array(source)
    return inPieces(bytes.length, async (from, to) => new Uint8Array(bytes.subarray(from, to)))
  }
  if (typeof ReadableStream !== 'undefined' && source instanceof ReadableStream) {
    if (source.locked) throw wrong('the stream is locked: somebody reads it already')
    return ofStream(source.getReader())
  }
  throw wrong(`got ${source === null ? 'null' : typeof source}`)
}

function inPieces(
  totalBytes: number,
  read: (from: number, to: number) => Promise<Uint8Array<ArrayBuffer>>,
): SourceReader {
  let at = 0
  return {
    totalBytes,
    async next() {
      if (at >= totalBytes) return undefined
      const from = at
      at = Math.min(totalBytes, at + PIECE_BYTES)
      return readable(() => read(from, at))
    },
    cancel() {},
  }
}

function ofStream(reader: ReadableStreamDefaultReader<unknown>): SourceReader {
  let over = false
  /** What the stream gave beyond the last piece. */
  let rest: Uint8Array = new Uint8Array(0)
  const more = async (): Promise<Uint8Array | undefined> => {
    const { done, value } = await readable(() => reader.read())
    over = done
    if (done) return undefined
    if (value instanceof Uint8Array) return value
    throw wrong(`the stream gave ${value === null ? 'null' : typeof value} instead of a Uint8Array`)
  }
  return {
    totalBytes: 0,
    async next() {
      const piece = new Uint8Array(PIECE_BYTES)
      let filled = 0
      while (filled < PIECE_BYTES) {
        if (rest.length === 0) {
          const chunk = over ? undefined : await more()
          if (!chunk) break
          rest = chunk
        }
        const taken = rest.subarray(0, PIECE_BYTES - filled)
        piece.set(taken, filled)
        filled += taken.length
        rest = rest.subarray(taken.length)
      }
      if (filled === 0) return undefined
      return filled === PIECE_BYTES ? piece : piece.slice(0, filled)
    },
    cancel() {
      if (over) return
      // The stream's own failure to be cancelled is nobody's concern any more.
      reader.cancel().catch(() => {})
    },
  }
}

async function readable<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read()
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new ImportError(
      'import-unreadable',
      `The file could not be read: ${message} Choose it again; a file that was changed or removed since it was chosen cannot be read.`,
      { cause },
    )
  }
}

const wrong = (what: string): UsageError =>
  new UsageError(
    'invalid-argument',
    `import() takes a Blob or File, a Uint8Array, an ArrayBuffer or a ReadableStream of Uint8Array; ${what}.`,
  )
