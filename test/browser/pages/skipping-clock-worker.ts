// The package's worker with a clock that jumps ahead when the page says so, for what happens after a while without work.
// Loaded as `workerUrl`; a message on the channel `skip` is the number of milliseconds that have passed, and is answered.
import { startEngineWorker } from '../../../src/engine/worker.ts'
import { browserWorkerPlatform } from '../../../src/engine/worker-platform.ts'
import { realEnvironment } from '../../../src/environment.ts'
import type { FromEngine } from '../../../src/protocol/messages.ts'

declare const self: {
  onmessage: ((event: MessageEvent<unknown>) => void) | null
  postMessage(message: FromEngine, transfer: Transferable[]): void
}

let skippedMs = 0
const skip = new BroadcastChannel('skip')
skip.onmessage = ({ data }) => {
  skippedMs += Number(data)
  skip.postMessage('skipped')
}
const { clock, random } = realEnvironment()
const monotonicMs = () => clock.monotonicMs() + skippedMs
const receive = startEngineWorker(self, browserWorkerPlatform({ random, clock: { ...clock, monotonicMs } }))
self.onmessage = ({ data }) => receive(data)
