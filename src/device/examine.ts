// What the two storages of a browser offer, found out without opening or making a database: OPFS by a probe file, IndexedDB
// by a look at the records. It stands apart from the choice for one name, which follows what is recorded.
import { StorageError } from '../errors/errors.ts'
import type { Platform } from './platform.ts'
import { type Answer, Storages, said } from './storages.ts'
import { listStored } from './stored.ts'

export interface Offer {
  readonly available: boolean
  readonly why: string | undefined
}

/** Never rejects: what cannot be reached or is full is told as such. */
export async function examineStorages(platform: Platform) {
  const storages = new Storages(platform)
  const opfs = await offer(() => storages.probe())
  const indexedDb = await offer(() => storages.ask('indexedDb', async (records) => void (await records.find('~probe'))))
  const databases = await listStored(platform).catch(() => [])
  return { opfs, indexedDb, databases }
}

async function offer(ask: () => Promise<Answer<void>>): Promise<Offer> {
  try {
    const answer = await ask()
    return answer.reached ? { available: true, why: undefined } : { available: false, why: answer.why }
  } catch (error) {
    return { available: false, why: error instanceof StorageError ? error.message : said(error) }
  }
}
