// The storage of a database in Node: its directory, or memory. It stands apart from the choice of a browser because there is
// nothing to choose, nothing to record and nothing that could be evicted.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ChosenStorage } from '../device/choose.ts'
import { DeviceError } from '../device/device.ts'
import { toHex } from '../device/hex.ts'
import { MemoryDevice } from '../device/memory.ts'
import { openNodeDevice } from '../device/node.ts'
import { storageErrorFrom } from '../device/storages.ts'
import type { Random } from '../environment.ts'
import { StorageError } from '../errors/errors.ts'
import type { StorageChoice } from '../protocol/messages.ts'
import type { ThreadData } from './platform.ts'

/** Opens the storage, making what is missing. Throws StorageError `busy`, naming the process that has it, `io`, `quota`. */
export async function chooseNodeStorage(
  { directory, lockId }: ThreadData,
  storage: StorageChoice,
  random: Random,
): Promise<ChosenStorage> {
  if (storage === 'opfs' || storage === 'indexeddb')
    throw new StorageError('unavailable', `There is no '${storage}' in Node. Leave the option 'storage' out.`)
  const rest = { storeId: toHex(random.bytes(16)), created: true, afterOpen: async () => {} }
  if (storage === 'memory') {
    const why = ['It is kept in memory, as was asked for: nothing is left when it is closed.']
    return { ...rest, device: new MemoryDevice(), kind: 'memory', why, stillThere: async () => {} }
  }
  try {
    const device = openNodeDevice(directory, random, lockId)
    const why = [`It is in the directory ${directory}.`]
    return { ...rest, device, kind: 'node', why, stillThere: async () => requireThere(directory) }
  } catch (error) {
    throw storageErrorFrom(error, directory)
  }
}

function requireThere(directory: string): void {
  if (!existsSync(join(directory, 'main')))
    throw new DeviceError('evicted', `the directory ${directory} has been removed`)
}
