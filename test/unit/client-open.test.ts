// Opening and closing: options, what can go wrong before there is a database, and its end.

import { expect, test, vi } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { open } from '../../src/client/open-page.ts'
import { AssetLoadError, StorageError } from '../../src/errors/errors.ts'
import { toWireError } from '../../src/errors/wire.ts'
import { answerPlainly, CLIENT, FakePlatform, INFO } from '../support/fake-engine.ts'
import { settle } from '../support/manual-clock.ts'

test('where there are no workers, open rejects with StorageError unavailable and says where it works', async () => {
  const error = await open('app.db').catch((e: unknown) => e)
  expect(error).toBeInstanceOf(StorageError)
  expect(error).toMatchObject({ code: 'unavailable', message: expect.stringMatching(/Node, server-side/) })
})

test('the greeting carries the defaults, and info what is in force', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  const { hello } = platform.engine
  expect(hello).toEqual({
    type: 'hello',
    protocol: 1,
    client: 'ab'.repeat(16),
    settings: {
      durability: 'strict',
      pragmas: {},
      foreignKeys: true,
      sync: { intervalMs: 1000, debounceMs: 250, maxDirtyBytes: 4 << 20, maxDirtyBlocks: 1024 },
    },
    start: {
      name: 'app.db',
      storage: 'auto',
      blockSize: 4096,
      checksum: 'xxhash64',
      cacheBytes: 8 << 20,
      rowBytesMax: 1 << 20,
      debug: false,
    },
  })
  expect(db.info).toEqual({ ...INFO, name: 'app.db', durability: 'strict', role: 'leader', transport: 'worker' })
})

test('the engine is told when the page is looked at again and when it is not, until the database is closed', async () => {
  let tell: ((visible: boolean) => void) | undefined
  const platform = Object.assign(new FakePlatform(), {
    onVisibility: (listener: (visible: boolean) => void) => {
      tell = listener
      return () => {
        tell = undefined
      }
    },
  })
  const db = await openWith(platform, 'app.db')
  const told = vi.spyOn(platform.engine.transport, 'postMessage')
  tell?.(false)
  tell?.(true)
  expect(told.mock.calls.map(([message]) => message)).toEqual([
    { type: 'visibility', client: CLIENT, visible: false },
    { type: 'visibility', client: CLIENT, visible: true },
  ])
  await db.close()
  expect(tell).toBe(undefined)
})

test('a part of a sync policy keeps the defaults of the rest', async () => {
  const platform = new FakePlatform()
  await openWith(platform, 'app.db', { sync: { intervalMs: 5, debounceMs: undefined as never } })
  expect(platform.engine.hello.settings.sync).toMatchObject({ intervalMs: 5, debounceMs: 250 })
})

test('an unknown option is refused with a list of the known ones, before anything is started', async () => {
  const platform = new FakePlatform()
  await expect(openWith(platform, 'app.db', { durabilty: 'strict' } as never)).rejects.toMatchObject({
    code: 'unknown-option',
    message: expect.stringMatching(/'durabilty'.*storage, durability, integers, blockSize/),
  })
  await expect(openWith(platform, 'app.db', { sync: { interval: 1 } as never })).rejects.toMatchObject({
    code: 'unknown-option',
    message: expect.stringMatching(/intervalMs/),
  })
  await expect(openWith(platform, 'app.db', { toString: 1 } as never)).rejects.toMatchObject({ code: 'unknown-option' })
  expect(platform.engines).toEqual([])
})

test('an option of a wrong type or value is refused with what it should be', async () => {
  const platform = new FakePlatform()
  const wrong: Record<string, unknown> = {
    storage: 'disk',
    durability: 1,
    integers: 'auto ',
    blockSize: 1000,
    checksum: 'md5',
    cacheBytes: -1,
    rowBytesMax: 0.5,
    timeoutMs: Number.NaN,
    foreignKeys: 'yes',
    sync: 5,
    workerUrl: 5,
    wasmUrl: {},
    wasmModule: {},
    debug: 1,
    signal: {},
  }
  for (const [name, value] of Object.entries(wrong)) {
    await expect(openWith(platform, 'app.db', { [name]: value }), name).rejects.toMatchObject({
      code: 'invalid-argument',
      message: expect.stringContaining(name),
    })
  }
  await expect(openWith(platform, 'app.db', null as never)).rejects.toMatchObject({ code: 'invalid-argument' })
})

test('a name that cannot name a database is refused', async () => {
  for (const name of ['', 'a/b', 'a\\b', '.', '..', 'a\u0000', 'x'.repeat(101), 5, undefined]) {
    await expect(openWith(new FakePlatform(), name as never)).rejects.toMatchObject({ code: 'invalid-argument' })
  }
  await openWith(new FakePlatform(), 'Größe 1.db')
})

test('what the engine says when it cannot open is what open rejects with, and its worker is ended', async () => {
  const platform = new FakePlatform()
  const busy = new StorageError('busy', 'open elsewhere', { retryable: true })
  platform.onHello = (engine) => engine.post({ type: 'failed', error: toWireError(busy) })
  await expect(openWith(platform, 'app.db')).rejects.toMatchObject({ code: 'busy', retryable: true })
  expect(platform.engine.terminated).toBe(true)
})

test('a worker script that cannot be loaded is an AssetLoadError that names the option', async () => {
  const platform = new FakePlatform()
  platform.onHello = (engine) =>
    engine.transport.onfailure?.({ kind: 'load', message: '', url: 'https://example.org/worker.js' })
  const error = await openWith(platform, 'app.db').catch((e: unknown) => e)
  expect(error).toBeInstanceOf(AssetLoadError)
  expect(error).toMatchObject({ url: 'https://example.org/worker.js', message: expect.stringContaining('workerUrl') })
})

test('a worker of another protocol version is refused', async () => {
  const platform = new FakePlatform()
  platform.onHello = (engine) => engine.post({ type: 'ready', protocol: 2, info: INFO })
  await expect(openWith(platform, 'app.db')).rejects.toMatchObject({ code: 'asset-load' })
})

test('a worker that says nothing ends the opening by its time limit', async () => {
  const platform = new FakePlatform()
  platform.onHello = () => {}
  const opening = openWith(platform, 'app.db', { timeoutMs: 4000 }).catch((e: unknown) => e)
  await platform.clock.advance(4000)
  expect(await opening).toMatchObject({ code: 'timeout' })
  expect(platform.engine.terminated).toBe(true)
})

test('a signal ends the opening, before and during it', async () => {
  const platform = new FakePlatform()
  await expect(openWith(platform, 'app.db', { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  expect(platform.engines).toEqual([])
  platform.onHello = () => {}
  const controller = new AbortController()
  const opening = openWith(platform, 'app.db', { signal: controller.signal }).catch((e: unknown) => e)
  await settle()
  controller.abort()
  expect(await opening).toMatchObject({ code: 'aborted' })
  expect(platform.engine.terminated).toBe(true)
})

test('the signal of open has no say once the database is open', async () => {
  const platform = new FakePlatform()
  const controller = new AbortController()
  const db = await openWith(platform, 'app.db', { signal: controller.signal })
  controller.abort()
  await db.run('INSERT')
})

test('close finishes what was asked for before, refuses what comes later, and ends the worker', async () => {
  const platform = new FakePlatform(() => undefined)
  const db = await openWith(platform, 'app.db')
  const before = db.run('INSERT')
  const closing = db.close()
  await expect(db.run('INSERT')).rejects.toMatchObject({ code: 'closed' })
  await settle()
  expect(platform.engine.received.some(({ type }) => type === 'goodbye')).toBe(false)
  platform.engine.answer(
    answerPlainly({ type: 'statement', seq: 1, timeoutMs: 0, sql: '', parameters: undefined, want: 'changes' }),
  )
  await before
  await closing
  expect(platform.engine.received.at(-1)).toMatchObject({ type: 'goodbye' })
  expect(platform.engine.terminated).toBe(true)
  await db.close()
  await expect(db.transaction(() => 1)).rejects.toMatchObject({ code: 'closed' })
})

test('close rolls an open transaction back, whose callback hears of it at its next call', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  let goOn = () => {}
  const transaction = db
    .transaction(async (tx) => {
      await new Promise<void>((resolve) => {
        goOn = resolve
      })
      await tx.run('INSERT')
    })
    .catch((e: unknown) => e)
  await settle()
  await db.close()
  goOn()
  expect(await transaction).toMatchObject({ code: 'closed' })
  expect(platform.engine.requests).toMatchObject([{ type: 'begin' }, { type: 'end', action: 'rollback' }])
})

test('a close that the worker does not answer ends by its time limit, and every call with it', async () => {
  const platform = new FakePlatform(() => undefined)
  const db = await openWith(platform, 'app.db')
  const call = db.run('INSERT', [], { timeoutMs: 0 }).catch((e: unknown) => e)
  const closing = db.close({ timeoutMs: 3000 }).catch((e: unknown) => e)
  await platform.clock.advance(3000)
  expect(await closing).toMatchObject({ code: 'timeout' })
  expect(await call).toMatchObject({ code: 'closed' })
  expect(platform.engine.terminated).toBe(true)
})

test('a worker that dies while it closes has closed', async () => {
  const platform = new FakePlatform()
  platform.onGoodbye = (engine) => engine.vanish()
  const db = await openWith(platform, 'app.db')
  await db.close()
})

test('a database whose worker has died can be closed', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  platform.engine.vanish()
  await settle()
  await db.close()
  expect(platform.engines).toHaveLength(1)
})

test('await using closes at the end of the block', async () => {
  const platform = new FakePlatform()
  {
    await using db = await openWith(platform, 'app.db')
    await db.run('INSERT')
  }
  expect(platform.engine.terminated).toBe(true)
})

test('an event that does not exist is refused with a list, a listener that throws does not stop the others', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db')
  expect(() => db.on('warnings' as never, () => {})).toThrow(/warning, sync-failure/)
  const heard: unknown[] = []
  const off = db.on('corruption', (detail) => heard.push(detail.block))
  const event = { name: 'corruption', block: 7, message: 'rotten' } as const
  platform.engine.post({ type: 'event', event })
  off()
  platform.engine.post({ type: 'event', event })
  expect(heard).toEqual([7])
  db.on('quota', ({ message }) => heard.push(message))
  platform.engine.post({ type: 'event', event: { name: 'quota', message: 'full' } })
  expect(heard).toEqual([7, 'full'])
})
