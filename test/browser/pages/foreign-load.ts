// Uses up the space of the site beside the package, as other code of the same site may: down to what not even a few bytes
// can be stored in. It stands apart because it is plain IndexedDB.

const NAME = 'foreign-load'
const SIZES = [1 << 20, 64 << 10, 4 << 10, 64]

function opened(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME)
    request.onupgradeneeded = () => request.result.createObjectStore('values', { autoIncrement: true })
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

function stored(database: IDBDatabase, bytes: number): Promise<boolean> {
  const noise = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += 65536) crypto.getRandomValues(noise.subarray(at, Math.min(bytes, at + 65536)))
  return new Promise((resolve) => {
    const transaction = database.transaction('values', 'readwrite')
    transaction.objectStore('values').put(noise)
    transaction.oncomplete = () => resolve(true)
    transaction.onabort = () => resolve(false)
  })
}

/** Stores values of each size until one is refused. */
export async function useUpSpace(): Promise<void> {
  const database = await opened()
  for (const bytes of SIZES) while (await stored(database, bytes));
  database.close()
}

/** Gives the space back. */
export function giveSpaceBack(): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(NAME)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
  })
}
