// The entry of the worker's script, and nothing but wiring. As a page's worker, its first message decides whether it becomes
// the engine of a database or answers one question about the stored ones; started by an engine, it becomes the helper of its
// device; as a SharedWorker it is the broker that hands ports to engines. Imported on a page's main thread it throws UsageError
// `wrong-thread`, which says how to start it.

import { Broker } from './coordination/broker.ts'
import { browserTabs, wrapPort } from './coordination/browser-tabs.ts'
import { Leadership } from './coordination/leadership.ts'
import { type FromHelper, isHelperStart } from './device/helper-messages.ts'
import { HelperService } from './device/helper-service.ts'
import { browserPlatform } from './device/platform.ts'
import { refuseMainThread } from './engine/sqlite-module.ts'
import { type Receive, startEngineWorker } from './engine/worker.ts'
import { browserWorkerPlatform } from './engine/worker-platform.ts'
import { realEnvironment } from './environment.ts'
import type { FromEngine } from './protocol/messages.ts'
import { isStorageJob, type StorageAnswer } from './protocol/storage-messages.ts'
import { answerStorageJob } from './storage-job.ts'

/** The part of a worker's global scope that is used; the compiler knows the page's only. */
declare const self: {
  readonly document?: unknown
  /** In a SharedWorker only. */
  onconnect?: ((event: MessageEvent<unknown>) => void) | null
  onmessage: ((event: MessageEvent<unknown>) => void) | null
  postMessage(message: FromEngine | StorageAnswer | FromHelper, transfer: Transferable[]): void
}

refuseMainThread(self)
if ('onconnect' in self) serveAsBroker()
else serveAsEngine()

function serveAsBroker(): void {
  const broker = new Broker((port) => wrapPort(port as MessagePort))
  self.onconnect = ({ ports: [port] }) => {
    if (port) broker.serve(wrapPort(port))
  }
}

function serveAsEngine(): void {
  let receive: Receive | undefined
  self.onmessage = ({ data }) => {
    if (isStorageJob(data)) {
      void answerStorageJob(browserPlatform(realEnvironment()), data).then((answer) => self.postMessage(answer, []))
    } else if (!receive && isHelperStart(data)) {
      const environment = realEnvironment()
      const platform = browserPlatform(environment).indexedDb!
      const helper = new HelperService(
        { platform, environment, post: (message) => self.postMessage(message, []) },
        data,
      )
      self.onmessage = ({ data: next }) => helper.receive(next)
    } else {
      receive ??= newEngine()
      receive(data)
    }
  }
}

function newEngine(): Receive {
  const platform = browserTabs()
  const environment = realEnvironment()
  const tabs =
    platform &&
    new Leadership({ ...platform, random: environment.random }, (port) => {
      port.onmessage = (data) => receive(data, port)
    })
  const receive = startEngineWorker(self, { ...browserWorkerPlatform(environment), tabs })
  return receive
}
