// What a doctor's report says in whole sentences, and what it tells of the page. It stands apart because it is loaded only
// when somebody asks, and imports nothing, so that no bundle carries it.
import type { DoctorReport, Offered, PageFacts } from './doctor.ts'

const GIB = 1024 ** 3

export function reasons(worker: Offered, { opfs, indexedDb }: { opfs: Offered; indexedDb: Offered }): string[] {
  if (!worker.available) return [`The worker cannot be started: ${worker.why}`]
  if (opfs.available) return ['OPFS works in this browser, and is the fastest storage that keeps data.']
  const first = `OPFS cannot be used here: ${opfs.why}`
  if (indexedDb.available) return [first, 'IndexedDB works, and keeps data too.']
  return [first, `IndexedDB cannot be used here: ${indexedDb.why}`]
}

export function advice(storage: DoctorReport['storage'], facts: Pick<PageFacts, 'persisted' | 'webLocks'>): string[] {
  const words: string[] = []
  if (storage !== undefined && facts.persisted === false)
    words.push('The browser may evict this data when space runs short: ask it not to with navigator.storage.persist().')
  if (storage === 'indexeddb')
    words.push('On IndexedDB an open database is held in memory: keep it below some hundred megabytes.')
  if (!facts.webLocks) words.push('Without Web Locks a worker that dies silently is noticed by time-outs only.')
  return words
}

export async function pageFacts(): Promise<PageFacts> {
  const { navigator } = globalThis
  const storage: StorageManager | undefined = navigator?.storage
  const memoryGiB = navigator && 'deviceMemory' in navigator ? Number(navigator.deviceMemory) : undefined
  const estimate = await storage?.estimate?.().catch(() => undefined)
  return {
    webLocks: Boolean(navigator && 'locks' in navigator && navigator.locks),
    broadcastChannel: typeof BroadcastChannel !== 'undefined',
    sharedWorker: typeof SharedWorker !== 'undefined',
    crossOriginIsolated: globalThis.crossOriginIsolated === true,
    persisted: await storage?.persisted?.().catch(() => undefined),
    usageBytes: estimate?.usage,
    quotaBytes: estimate?.quota,
    deviceMemoryBytes: memoryGiB && memoryGiB * GIB,
  }
}
