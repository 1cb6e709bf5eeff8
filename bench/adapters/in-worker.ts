// The page's side of a peer that runs in a worker of its own: an adapter that sends each call as one message. It has no
// stream of its own: the rows of `stream` are those of one query.
import type { Answered, Call } from '../peers/peer.ts'
import type { Ability, Adapter, Connection, Durability, OpenWish, Row, Storage } from './adapter.ts'

export interface PeerInWorker {
  readonly name: string
  /** Of bench/peers, without `.ts`. */
  readonly script: string
  /** What it really does at each level, by storage; a level that is missing is left out of the table. */
  readonly durability: Partial<Record<Storage, Partial<Record<Durability, string>>>>
  /** Told of the worker before its first call. */
  readonly started?: (worker: Worker) => void
  readonly lacks?: readonly Ability[]
  readonly tabs?: readonly Storage[]
}

export function inWorker({ name, script, durability, started, lacks = [], tabs = [] }: PeerInWorker): Adapter {
  return {
    name,
    lacks,
    tabs,
    durability: (storage, level) => durability[storage]?.[level],
    open: (wish) => openInWorker(script, wish, started),
    remove: removeEverywhere,
  }
}

export async function openInWorker(
  script: string,
  wish: OpenWish,
  started?: (worker: Worker) => void,
): Promise<Connection> {
  const worker = new Worker(`/peers/${script}.js`, { type: 'module' })
  started?.(worker)
  const call = caller(worker)
  await call({ method: 'open', wish })
  return connection(worker, call)
}

function caller(worker: Worker): (call: Call) => Promise<unknown> {
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let calls = 0
  worker.addEventListener('message', ({ data }: MessageEvent<Answered>) => {
    const call = waiting.get(data.id)
    waiting.delete(data.id)
    if (data.error === undefined) call?.resolve(data.value)
    else call?.reject(new Error(data.error))
  })
  worker.addEventListener('error', (event) => {
    for (const { reject } of waiting.values()) reject(new Error(event.message))
  })
  return (call) =>
    new Promise((resolve, reject) => {
      const id = ++calls
      waiting.set(id, { resolve, reject })
      worker.postMessage({ ...call, id })
    })
}

function connection(worker: Worker, call: (call: Call) => Promise<unknown>): Connection {
  const query = async (sql: string, parameters: Parameters<Connection['query']>[1] = []) =>
    (await call({ method: 'query', sql, parameters })) as Row[]
  return {
    exec: async (script) => void (await call({ method: 'exec', script })),
    run: async (sql, parameters) => void (await call({ method: 'run', sql, parameters })),
    runMany: async (sql, rows) => void (await call({ method: 'runMany', sql, rows: [...rows] })),
    query,
    queryAll: async (sql, parameters) => (await call({ method: 'queryAll', sql, parameters })) as Row[][],
    async *stream(sql) {
      yield* await query(sql)
    },
    task: async (task, count) => void (await call({ method: 'task', task, count })),
    wasmHeapBytes: async () => (await call({ method: 'heapBytes' })) as number | undefined,
    async close() {
      await call({ method: 'close' })
      worker.terminate()
    },
  }
}

/** The handles of a worker that was ended are free a moment later. */
const FREE_AFTER_MS = 5000

async function removeOnceFree(directory: FileSystemDirectoryHandle, entry: string): Promise<void> {
  for (const untilMs = performance.now() + FREE_AFTER_MS; ; ) {
    try {
      return await directory.removeEntry(entry, { recursive: true })
    } catch (error) {
      if (performance.now() > untilMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}

/** A peer's files and databases carry the name that they were opened with. */
export async function removeEverywhere(name: string): Promise<void> {
  const directory = await navigator.storage.getDirectory()
  const found: string[] = []
  for await (const entry of directory.keys()) if (entry.includes(name)) found.push(entry)
  for (const entry of found) await removeOnceFree(directory, entry)
  for (const { name: database } of await indexedDB.databases())
    if (database?.includes(name))
      await new Promise((resolve, reject) => {
        const request = indexedDB.deleteDatabase(database)
        request.onsuccess = resolve
        request.onerror = () => reject(request.error)
      })
}
