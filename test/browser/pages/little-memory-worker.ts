// The package's worker on a device with little memory: what may stay of a database on IndexedDB is the number of bytes
// after the question mark of its address. Loaded as `workerUrl`; its helper is this script once more. A message on the
// channel `helpers` ends the helpers that there are, unheard, as a browser might.
import '../../../src/worker.ts'

const residentBytes = Number(location.search.slice(1))
Object.defineProperty(navigator, 'deviceMemory', { value: (4 * residentBytes) / 1024 ** 3 })

const helpers: Worker[] = []
if (typeof Worker !== 'undefined') {
  globalThis.Worker = class extends Worker {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options)
      helpers.push(this)
    }
  }
}
new BroadcastChannel('helpers').onmessage = () => {
  for (const helper of helpers.splice(0)) helper.terminate()
}
