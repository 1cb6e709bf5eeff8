// What a client takes from Node: a thread for the engine and the compiled wasm. One platform belongs to one open database.
// There are no tabs and no Web Locks: one process has a database open, and a thread's end is an event.

import type { ClientPlatform } from '../coordination/platform.ts'
import { toHex } from '../device/hex.ts'
import { releaseLockOf } from '../device/node-lock.ts'
import { realEnvironment } from '../environment.ts'
import { consoleLog } from '../log.ts'
import { ThreadTransport } from './thread-transport.ts'
import { wasmInNode } from './wasm-file.ts'

/** What the thread is told at its start. */
export interface ThreadData {
  /** The database's own directory. */
  readonly directory: string
  /** The thread's name in the lock file of that directory, 32 hexadecimal digits. */
  readonly lockId: string
}

/** The platform of the database in `directory`. Touches nothing until a thread is started. */
export function nodePlatform(directory: string): ClientPlatform {
  const environment = realEnvironment()
  let last: ThreadTransport | undefined
  return {
    ...environment,
    locks: undefined,
    log: consoleLog,
    startWorker(workerUrl) {
      const lockId = toHex(environment.random.bytes(16))
      last = new ThreadTransport(workerUrl ?? defaultWorker(), {
        data: { directory, lockId } satisfies ThreadData,
        // Two threads of one database would find each other busy.
        after: last?.ended,
        // A thread that was ended could not let go by itself, and its process lives.
        onEnd: () => releaseLockOf(directory, lockId),
      })
      return last
    },
    shareMemory: (bytes) => new SharedArrayBuffer(bytes),
    getWasm: wasmInNode,
  }
}

function defaultWorker(): URL {
  return new URL('./node-worker.js', import.meta.url)
}
