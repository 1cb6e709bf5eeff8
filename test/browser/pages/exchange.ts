// The page of the tests of import and export from any tab, also one that follows. With `?no-broker` tabs talk over channels.
import { type Database, type DataSyncError, open } from '../../../src/index.ts'

if (location.search === '?no-broker') Reflect.deleteProperty(globalThis, 'SharedWorker')

let worker: Worker | undefined
globalThis.Worker = class extends Worker {
  constructor(url: string | URL, options?: WorkerOptions) {
    super(url, options)
    worker = this
  }
}

let database: Database | undefined
let reopened = 0
const channel = new BroadcastChannel('exchange')
channel.onmessage = () => worker?.terminate()

function current(): Database {
  if (!database) throw new Error('no database is open in this page')
  return database
}

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))

const steps = {
  async open(name: string) {
    database = await open(name)
    database.on('reopened', () => reopened++)
    return [database.info.role, database.info.transport]
  },
  exec: (sql: string) => current().exec(sql),
  query: (sql: string) => current().query<Record<string, string | number>>(sql),
  reopened: () => reopened,

  /** Imports a file, and tells what its last progress was. */
  async import(base64: string) {
    let last: readonly number[] = []
    await current().import(bytesOf(base64), { onProgress: (done, total) => (last = [done, total]) })
    return last
  },

  /** Tries to import a file whose rest does not come before something has happened: the signal, or the leader's death. */
  async interrupted({ base64, by }: { base64: string; by: 'signal' | 'death' }) {
    const file = bytesOf(base64)
    const controller = new AbortController()
    const source = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async pull(stream) {
        stream.enqueue(file.subarray(0, file.length / 2))
        await new Promise((resolve) => setTimeout(resolve, 200))
        if (by === 'signal') controller.abort()
        else channel.postMessage('die')
        await new Promise((resolve) => setTimeout(resolve, 200))
        stream.enqueue(file.subarray(file.length / 2))
        stream.close()
      },
    })
    return current()
      .import(source, { signal: controller.signal })
      .then(
        () => 'imported',
        (error: DataSyncError & { applied?: string }) => `${error.code} ${error.applied ?? ''}`.trim(),
      )
  },

  async export() {
    const bytes = new Uint8Array(await (await current().export()).arrayBuffer())
    let text = ''
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
    return btoa(text)
  },
}
export type ExchangeSteps = typeof steps
Object.assign(globalThis, { steps })
