// The entry of the worker's script, and nothing but wiring: the first message decides whether it becomes the engine of a
// database or answers one question about the stored ones. Imported on a page's main thread it throws UsageError
// `wrong-thread`, which says how to start it.

import { browserPlatform } from './device/platform.ts'
import { refuseMainThread } from './engine/sqlite-module.ts'
import { startEngineWorker } from './engine/worker.ts'
import { browserWorkerPlatform } from './engine/worker-platform.ts'
import { realEnvironment } from './environment.ts'
import type { FromEngine } from './protocol/messages.ts'
import { isStorageJob, type StorageAnswer } from './protocol/storage-messages.ts'
import { answerStorageJob } from './storage-job.ts'

/** The part of a dedicated worker's global scope that is used; the compiler knows the page's only. */
declare const self: {
  readonly document?: unknown
  onmessage: ((event: MessageEvent<unknown>) => void) | null
  postMessage(message: FromEngine | StorageAnswer, transfer: Transferable[]): void
}

refuseMainThread(self)

let receive: ((data: unknown) => void) | undefined

self.onmessage = ({ data }) => {
  if (isStorageJob(data)) {
    void answerStorageJob(browserPlatform(realEnvironment()), data).then((answer) => self.postMessage(answer, []))
  } else {
    receive ??= startEngineWorker(self, browserWorkerPlatform())
    receive(data)
  }
}
