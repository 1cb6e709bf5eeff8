// The database as a SQLite file: a stream of its bytes, and a Blob of them. It stands apart from the streams of rows because
// its reader is the platform's ReadableStream, which asks, cancels and errors in ways of its own.

import { UsageError } from '../errors/errors.ts'
import { Flow } from './flow.ts'
import type { ProgressOptions } from './options.ts'
import type { Scope } from './scope.ts'
import { statementText } from './sql-text.ts'

const FILE_TYPE = 'application/vnd.sqlite3'
/** So many chunks become one Blob, which a browser may keep outside the page's memory. */
const CHUNKS_PER_BLOB = 16

/** Nothing is sent before the stream is read. */
export function exportStream(
  scope: Scope,
  options: ProgressOptions | undefined,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const flow = new Flow(scope, {
    text: statementText('SELECT'),
    timeoutMs: options?.timeoutMs ?? 0,
    signal: options?.signal,
    build: () => ({ type: 'export' }),
  })
  let done = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const piece = await flow.next()
          if (!piece || piece.answer.type === 'done') {
            controller.close()
            return
          }
          const { answer, payload } = piece
          if (answer.type !== 'bytes') {
            throw new UsageError('protocol', `The engine answered '${answer.type}' instead of bytes.`)
          }
          done += answer.bytes
          options?.onProgress?.(done, answer.total)
          controller.enqueue(new Uint8Array(payload, answer.at, answer.bytes))
        } catch (error) {
          flow.end()
          throw error
        }
      },
      cancel: () => flow.end(),
    },
    { highWaterMark: 0 },
  )
}

/** Reads the whole stream. */
export async function exportBlob(scope: Scope, options: ProgressOptions | undefined): Promise<Blob> {
  const reader = exportStream(scope, options).getReader()
  const blobs: Blob[] = []
  let chunks: Uint8Array<ArrayBuffer>[] = []
  for (let read = await reader.read(); !read.done; read = await reader.read()) {
    chunks.push(read.value)
    if (chunks.length < CHUNKS_PER_BLOB) continue
    blobs.push(new Blob(chunks))
    chunks = []
  }
  return new Blob([...blobs, ...chunks], { type: FILE_TYPE })
}
