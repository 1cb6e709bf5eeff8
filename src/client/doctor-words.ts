// What a doctor's report says in whole sentences. It stands apart because it is loaded only when somebody asks, and
// imports nothing, so that no bundle carries it.
import type { DoctorReport, Offered } from './doctor.ts'

type Facts = Pick<DoctorReport, 'persisted' | 'webLocks'>

export function reasons(worker: Offered, { opfs, indexedDb }: { opfs: Offered; indexedDb: Offered }): string[] {
  if (!worker.available) return [`The worker cannot be started: ${worker.why}`]
  if (opfs.available) return ['OPFS works in this browser, and is the fastest storage that keeps data.']
  const first = `OPFS cannot be used here: ${opfs.why}`
  if (indexedDb.available) return [first, 'IndexedDB works, and keeps data too.']
  return [first, `IndexedDB cannot be used here: ${indexedDb.why}`]
}

export function advice(storage: DoctorReport['storage'], facts: Facts): string[] {
  const words: string[] = []
  if (storage !== undefined && facts.persisted === false)
    words.push('The browser may evict this data when space runs short: ask it not to with navigator.storage.persist().')
  if (storage === 'indexeddb')
    words.push('On IndexedDB an open database is held in memory: keep it below some hundred megabytes.')
  if (!facts.webLocks) words.push('Without Web Locks a worker that dies silently is noticed by time-outs only.')
  return words
}
