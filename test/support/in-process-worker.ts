// The client and the real engine in one thread: messages are cloned and transferred as between page and worker, storage is
// memory, SQLite is real. Nothing of it is scripted.

import type { ClientPlatform, Transport } from '../../src/coordination/platform.ts'
import type { Platform } from '../../src/device/platform.ts'
import { startEngineWorker } from '../../src/engine/worker.ts'
import { realEnvironment } from '../../src/environment.ts'
import type { Log } from '../../src/log.ts'
import { sqliteWasm } from './sqlite.ts'

/** A client's platform whose workers run in this thread; without storages they can keep their databases in memory only. */
export function inProcessPlatform(storages?: Platform, log?: Log): ClientPlatform {
  return {
    ...realEnvironment(),
    locks: undefined,
    ...(log && { log }),
    startWorker: () => startInProcess(storages, log),
    getWasm: sqliteWasm,
  }
}

function startInProcess(storages: Platform | undefined, log: Log | undefined): Transport {
  const environment = realEnvironment()
  const { port1, port2 } = new MessageChannel()
  const storage = storages ?? {
    environment,
    getDirectory: undefined,
    indexedDb: undefined,
    locks: undefined,
    deviceMemoryBytes: undefined,
  }
  const receive = startEngineWorker(
    { postMessage: (message, transfer) => port2.postMessage(message, transfer) },
    { environment, storage, ...(log && { log }), holdLock: async () => {}, persisted: async () => false },
  )
  port2.onmessage = ({ data }) => receive(data)
  const transport: Transport = {
    onmessage: undefined,
    onfailure: undefined,
    postMessage: (message, transfer) => port1.postMessage(message, transfer),
    terminate: () => port1.close(),
  }
  port1.onmessage = ({ data }) => transport.onmessage?.(data)
  return transport
}
