// Choosing the storage, on fakes: what a new database gets, what a recorded one gets, and above all that whatever is
// missing, held or broken never leads to a second, empty database of the same name.

import { beforeEach, describe, expect, test } from 'vitest'
import { type ChooseOptions, type ChosenStorage, chooseStorage } from '../../src/device/choose.ts'
import { decodeName, encodeName } from '../../src/device/names.ts'
import { deleteStored, listStored } from '../../src/device/stored.ts'
import { FakeDirectory } from '../support/fake-opfs.ts'
import { FakePlatform } from '../support/fake-platform.ts'

let platform: FakePlatform
beforeEach(() => {
  platform = new FakePlatform()
})

function choose(options: Partial<ChooseOptions> = {}): Promise<ChosenStorage> {
  return chooseStorage(platform, { name: 'app.db', storage: 'auto', waitMs: 150, ...options })
}

/** Chooses, formats a little where it is new, completes the records and closes. */
async function make(options: Partial<ChooseOptions> = {}): Promise<ChosenStorage> {
  const chosen = await choose(options)
  chosen.device.write('main', Uint8Array.of(42), 0)
  await chosen.device.sync()
  await chosen.afterOpen()
  await chosen.device.close()
  return chosen
}

function firstByte(chosen: ChosenStorage): number | undefined {
  const bytes = new Uint8Array(1)
  return chosen.device.read('main', bytes, 0) === 1 ? bytes[0] : undefined
}

const code = (expected: string) => expect.objectContaining({ code: expected })

async function directoryOf(name: string): Promise<FakeDirectory> {
  const top = await platform.opfs.root.getDirectoryHandle('datasync')
  return top.getDirectoryHandle(encodeName(name))
}

describe('a new database', () => {
  test('goes to OPFS where that works, and is found there again with the same store id', async () => {
    const made = await make()
    expect(made).toMatchObject({
      kind: 'opfs',
      created: true,
      why: ['OPFS works in this browser, and is the fastest storage that keeps data.'],
    })
    expect(made.storeId).toMatch(/^[0-9a-f]{32}$/)
    const again = await choose()
    expect(again).toMatchObject({ kind: 'opfs', created: false, storeId: made.storeId })
    expect(firstByte(again)).toBe(42)
    await again.afterOpen()
    again.device.close()
  })

  test('goes to IndexedDB where OPFS cannot be reached, says why, and is found there again', async () => {
    platform.loseOpfs()
    const made = await make()
    expect(made).toMatchObject({ kind: 'indexeddb', created: true })
    expect(made.why[0]).toContain('SecurityError')
    for (const sentence of made.why) expect(sentence).toMatch(/^[A-Z].*[.]$/s)
    const again = await choose()
    expect(again).toMatchObject({ kind: 'indexeddb', created: false, storeId: made.storeId })
    expect(firstByte(again)).toBe(42)
    await again.device.close()
  })

  test('goes to IndexedDB where there are directories but no sync access handles', async () => {
    platform.opfs.refuse = () => new TypeError('createSyncAccessHandle is not a function')
    const made = await make()
    expect(made.kind).toBe('indexeddb')
    expect(made.why[0]).toContain('createSyncAccessHandle')
    expect((await platform.opfs.root.getDirectoryHandle('datasync')).entries.size).toBeLessThanOrEqual(1)
  })

  test('is refused where there is neither, and never in memory', async () => {
    platform.loseOpfs()
    platform.loseIndexedDb()
    await expect(choose()).rejects.toThrow(code('unavailable'))
  })

  test('is in memory only when that is asked for, and leaves no trace', async () => {
    const made = await make({ storage: 'memory' })
    expect(made).toMatchObject({ kind: 'memory', created: true })
    expect(await listStored(platform)).toEqual([])
  })

  test('goes where it is asked to', async () => {
    expect((await make({ storage: 'indexeddb' })).kind).toBe('indexeddb')
    expect((await make({ storage: 'opfs', name: 'other' })).kind).toBe('opfs')
    platform.loseOpfs()
    await expect(make({ storage: 'opfs', name: 'third' })).rejects.toThrow(code('unavailable'))
  })

  test('out of quota is an error and not a reason for another storage', async () => {
    platform.opfs.quotaBytes = 2
    await expect(choose()).rejects.toThrow(code('quota'))
    expect(await listStored(platform)).toEqual([])
  })

  test('whose making was interrupted is still new the next time, under the same store id', async () => {
    const first = await choose()
    first.device.write('main', Uint8Array.of(1), 0)
    await first.device.close()
    const second = await choose()
    expect(second).toMatchObject({ created: true, storeId: first.storeId })
    await second.device.close()
  })

  test('leaves no probe file behind', async () => {
    await make()
    const top = await platform.opfs.root.getDirectoryHandle('datasync')
    expect([...top.entries.keys()]).toEqual(['app.db'])
  })
})

describe('a recorded database', () => {
  test('in OPFS is opened without a probe and without IndexedDB', async () => {
    await make()
    platform.opfs.calls.length = 0
    const opens = platform.indexedDbFake.opens
    const again = await choose()
    expect(platform.opfs.calls).toEqual([])
    expect(platform.indexedDbFake.opens).toBe(opens)
    await again.device.close()
  })

  test('in OPFS that cannot be reached today is storage-changed, not a new one in IndexedDB', async () => {
    await make()
    platform.loseOpfs()
    await expect(choose()).rejects.toThrow(code('storage-changed'))
    platform.regain()
    const again = await choose()
    expect(firstByte(again)).toBe(42)
    await again.device.close()
  })

  test('in OPFS whose handles cannot be had, where a probe fails too, is storage-changed', async () => {
    await make()
    platform.opfs.refuse = () => new DOMException('no', 'UnknownError')
    await expect(choose()).rejects.toThrow(code('storage-changed'))
  })

  test('in OPFS whose handles cannot be had, where a probe works, is busy, whatever the error is called', async () => {
    await make()
    for (const name of ['NoModificationAllowedError', 'InvalidStateError', 'SomethingElse']) {
      platform.opfs.refuse = (file) => (file === 'main' ? new DOMException('held', name) : undefined)
      await expect(choose()).rejects.toThrow(code('busy'))
      expect(platform.opfs.open.size).toBe(0)
      expect(platform.locksFake.held.size).toBe(0)
    }
  })

  test('in OPFS whose handles are freed while it waits is opened', async () => {
    await make()
    let refusals = 3
    platform.opfs.refuse = (file) =>
      file === 'main' && refusals-- > 0 ? new DOMException('held', 'InvalidStateError') : undefined
    const again = await choose({ waitMs: 5000 })
    expect(firstByte(again)).toBe(42)
    await again.device.close()
  })

  test('in IndexedDB that cannot be reached is storage-changed, not a new one in OPFS', async () => {
    await make({ storage: 'indexeddb' })
    platform.loseIndexedDb()
    await expect(choose()).rejects.toThrow(code('storage-changed'))
  })

  test('asked for in another storage than the one that holds it is storage-changed', async () => {
    await make()
    await expect(choose({ storage: 'indexeddb' })).rejects.toThrow(code('storage-changed'))
    await make({ storage: 'indexeddb', name: 'other' })
    await expect(choose({ storage: 'opfs', name: 'other' })).rejects.toThrow(code('storage-changed'))
  })

  test('whose OPFS directory vanished is evicted, until it is deleted', async () => {
    await make()
    platform.opfs.root.entries.clear()
    await expect(choose()).rejects.toThrow(code('evicted'))
    expect(await deleteStored(platform, 'app.db', 150)).toBe(true)
    expect((await make()).created).toBe(true)
  })

  test('whose OPFS files are gone or empty while the record is there is evicted', async () => {
    await make()
    const directory = await directoryOf('app.db')
    directory.entries.delete('main')
    await expect(choose()).rejects.toThrow(code('evicted'))
    await directory.getFileHandle('main', { create: true })
    await expect(choose()).rejects.toThrow(code('evicted'))
  })

  test('whose IndexedDB database vanished is evicted, also when only OPFS remembers it', async () => {
    await make({ storage: 'indexeddb' })
    for (const { name } of await platform.indexedDbFake.factory.databases()) {
      await new Promise((resolve) => (platform.indexedDbFake.factory.deleteDatabase(name!).onsuccess = resolve))
    }
    await expect(choose()).rejects.toThrow(code('evicted'))
  })

  test('whose record in OPFS is torn is found by the one in IndexedDB, and the torn one is mended', async () => {
    const made = await make()
    const file = (await directoryOf('app.db')).entries.get('record')
    if (!file || file instanceof FakeDirectory) throw new Error('no record')
    file.bytes.fill(0, 0, 10)
    const again = await make()
    expect(again).toMatchObject({ kind: 'opfs', created: false, storeId: made.storeId })
    platform.loseIndexedDb()
    expect(await make()).toMatchObject({ created: false, storeId: made.storeId })
  })

  test('whose record in OPFS is torn and nowhere else is opened as it is, under the id that the store itself knows', async () => {
    platform.loseIndexedDb()
    await make()
    const file = (await directoryOf('app.db')).entries.get('record')
    if (!file || file instanceof FakeDirectory) throw new Error('no record')
    file.bytes.fill(0, 0, 10)
    const again = await choose()
    expect(again).toMatchObject({ kind: 'opfs', created: false, storeId: undefined })
    expect(firstByte(again)).toBe(42)
    await again.device.close()
  })

  test('that both storages record as theirs is opened where OPFS says, and reported after', async () => {
    platform.loseOpfs()
    await make()
    platform.regain()
    platform.loseIndexedDb()
    await make()
    platform.regain()
    const chosen = await choose()
    expect(chosen.kind).toBe('opfs')
    await expect(chosen.afterOpen()).rejects.toThrow(code('storage-changed'))
    await chosen.device.close()
  })
})

describe('a database that is open', () => {
  for (const storage of ['opfs', 'indexeddb'] as const) {
    test(`on ${storage} is busy for a second owner and for a deletion, and free after close`, async () => {
      await make({ storage })
      const first = await choose()
      await expect(choose()).rejects.toThrow(expect.objectContaining({ code: 'busy', retryable: true }))
      await expect(deleteStored(platform, 'app.db', 100)).rejects.toThrow(code('busy'))
      expect(await listStored(platform)).toMatchObject([{ name: 'app.db', storage }])
      first.device.write('main', Uint8Array.of(7), 0)
      await first.device.sync()
      await first.device.close()
      const second = await choose()
      expect(firstByte(second)).toBe(7)
      await second.device.close()
    })
  }

  test('on OPFS is busy also without Web Locks, and a refused deletion leaves it whole', async () => {
    platform.locks = undefined
    await make()
    const first = await choose()
    await expect(choose()).rejects.toThrow(code('busy'))
    await expect(deleteStored(platform, 'app.db', 100)).rejects.toThrow(code('busy'))
    first.device.close()
    const second = await choose()
    expect(second).toMatchObject({ created: false })
    expect(firstByte(second)).toBe(42)
    second.device.close()
  })

  test('is opened by one that waited as soon as the first closes', async () => {
    await make()
    const first = await choose()
    const second = choose({ waitMs: 10_000 })
    await first.device.close()
    expect(firstByte(await second)).toBe(42)
  })
})

describe('deleting and listing', () => {
  test('lists what either storage knows, by name', async () => {
    await make({ name: 'b' })
    await make({ name: 'a', storage: 'indexeddb' })
    const listed = [
      { name: 'a', storage: 'indexeddb' },
      { name: 'b', storage: 'opfs' },
    ]
    expect(await listStored(platform)).toMatchObject(listed)
    platform.loseOpfs()
    expect(await listStored(platform)).toMatchObject(listed)
    platform.regain()
    platform.loseIndexedDb()
    expect(await listStored(platform)).toMatchObject(listed)
  })

  for (const storage of ['opfs', 'indexeddb'] as const) {
    test(`a deleted database on ${storage} is gone from both storages, and its name can be used anew`, async () => {
      const made = await make({ storage })
      expect(await deleteStored(platform, 'app.db', 150)).toBe(true)
      expect(await listStored(platform)).toEqual([])
      expect((await platform.indexedDbFake.factory.databases()).map(({ name }) => name)).toEqual(['datasync'])
      expect(await deleteStored(platform, 'app.db', 150)).toBe(false)
      const again = await make()
      expect(again.created).toBe(true)
      expect(again.storeId).not.toBe(made.storeId)
    })

    test(`a deletion on ${storage} that was interrupted is finished by the next open`, async () => {
      await make({ storage })
      const { factory } = platform.indexedDbFake
      const wrapped = factory.deleteDatabase
      factory.deleteDatabase = () => {
        throw new Error('the tab was closed')
      }
      await expect(deleteStored(platform, 'app.db', 150)).rejects.toThrow('the tab was closed')
      factory.deleteDatabase = wrapped
      expect(await listStored(platform)).toEqual([])
      const again = await choose()
      expect(again.created).toBe(true)
      expect(again.device.size('main')).toBe(0)
      await again.device.close()
    })
  }

  test('a database whose storage cannot be reached is not deleted', async () => {
    await make()
    platform.loseOpfs()
    await expect(deleteStored(platform, 'app.db', 150)).rejects.toThrow(code('storage-changed'))
    platform.regain()
    expect((await make()).created).toBe(false)
  })
})

describe('names', () => {
  test('are encoded so that no two meet on a file system that ignores case, and back', () => {
    const names = ['app.db', 'App.db', '.', '..', 'a/b', 'ä ö', '~', 'x.', 'con', '数据', 'a~41']
    const encoded = names.map(encodeName)
    expect(new Set(encoded.map((name) => name.toLowerCase())).size).toBe(names.length)
    expect(encoded.every((name) => /^[a-z0-9_~-][a-z0-9_.~-]*$/.test(name) && !name.endsWith('.'))).toBe(true)
    expect(encoded.map(decodeName)).toEqual(names)
    expect(decodeName('~probe-12')).toBe(undefined)
  })

  test('that are empty or too long are refused', async () => {
    await expect(choose({ name: '' })).rejects.toThrow(code('name'))
    await expect(choose({ name: 'x'.repeat(201) })).rejects.toThrow(code('name'))
  })
})
