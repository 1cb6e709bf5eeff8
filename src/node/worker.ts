// The entry of the engine's thread in Node, and nothing but wiring.

import { readFile } from 'node:fs/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { storedEngines } from '../engine/open-engine.ts'
import type { ModuleScope } from '../engine/sqlite-module.ts'
import { startEngineWorker, type WorkerScope } from '../engine/worker.ts'
import type { WorkerPlatform } from '../engine/worker-platform.ts'
import { realEnvironment } from '../environment.ts'
import { UsageError } from '../errors/errors.ts'
import { consoleLog } from '../log.ts'
import { chooseNodeStorage } from './choose.ts'
import type { ThreadData } from './platform.ts'

if (!parentPort)
  throw new UsageError('wrong-thread', "The engine runs in a thread of its own. Call `open()` from 'datasync/node'.")
serve(parentPort, workerData as ThreadData)

function serve(port: NonNullable<typeof parentPort>, data: ThreadData): void {
  const environment = realEnvironment()
  const platform: WorkerPlatform = {
    environment,
    log: consoleLog,
    storage: {
      environment,
      getDirectory: undefined,
      indexedDb: undefined,
      locks: undefined,
      deviceMemoryBytes: undefined,
    },
    holdLock: async () => {},
    // Nobody evicts files.
    persisted: async () => true,
  }
  const engines = storedEngines(platform, ({ storage }) => chooseNodeStorage(data, storage, environment.random))
  const scope: WorkerScope & ModuleScope = {
    postMessage: (message, transfer) => port.postMessage(message, transfer as ArrayBuffer[]),
    fetch: async (path) => new Response(new Uint8Array(await readFile(String(path)))),
  }
  const receive = startEngineWorker(scope, platform, engines)
  port.on('message', (message: unknown) => receive(message))
}
