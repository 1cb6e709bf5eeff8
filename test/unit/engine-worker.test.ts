// The worker's entry with everything real but the browser: storage in memory, SQLite from the package.
import { describe, expect, it } from 'vitest'
import { DeviceError } from '../../src/device/device.ts'
import { type OpenEngine, storedEngines } from '../../src/engine/open-engine.ts'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { startEngineWorker } from '../../src/engine/worker.ts'
import type { WorkerPlatform } from '../../src/engine/worker-platform.ts'
import { realEnvironment } from '../../src/environment.ts'
import {
  type Answer,
  type FromEngine,
  type Hello,
  PROTOCOL_VERSION,
  type Requests,
} from '../../src/protocol/messages.ts'
import * as code from '../../src/vfs/result-codes.ts'
import { sqliteWasm } from '../support/sqlite.ts'

const CLIENT = '1'.repeat(32)

function platform(): WorkerPlatform & { readonly held: string[] } {
  const environment = realEnvironment()
  const held: string[] = []
  return {
    environment,
    storage: {
      environment,
      getDirectory: undefined,
      indexedDb: undefined,
      locks: undefined,
      deviceMemoryBytes: undefined,
    },
    holdLock: async (name) => {
      held.push(name)
    },
    persisted: async () => false,
    held,
  }
}

function hello(changes: Partial<Hello> = {}): Hello {
  return {
    type: 'hello',
    protocol: PROTOCOL_VERSION,
    client: CLIENT,
    settings: {
      durability: 'strict',
      foreignKeys: true,
      sync: { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 },
    },
    start: {
      name: 'app.db',
      storage: 'memory',
      blockSize: 4096,
      checksum: 'xxhash64',
      cacheBytes: 8 << 20,
      rowBytesMax: 1 << 20,
      debug: false,
    },
    ...changes,
  }
}

function start(scope: { document?: unknown } = {}, openEngine?: OpenEngine) {
  const posted: FromEngine[] = []
  let arrived: (() => void) | undefined
  const page = platform()
  const post = (message: FromEngine) => {
    posted.push(message)
    arrived?.()
  }
  const receive = startEngineWorker({ ...scope, postMessage: post }, page, openEngine)
  const next = async (): Promise<FromEngine> => {
    while (posted.length === 0)
      await new Promise<void>((resolve) => {
        arrived = resolve
      })
    return posted.shift()!
  }
  return { receive, next, page }
}

type Worker = ReturnType<typeof start>

/** Sends one request and answers what it is answered with. */
async function ask(
  { receive, next }: Worker,
  request: Extract<Requests['requests'][number], { type: 'script' | 'maintenance' }>,
): Promise<Answer> {
  receive({ type: 'requests', client: CLIENT, ackedThrough: 0, requests: [request] })
  for (;;) {
    const message = await next()
    const answer = message.type === 'answers' && message.answers.find(({ seq }) => seq === request.seq)
    if (answer) return answer
  }
}

const unsynced = async (worker: Worker, seq: number) => {
  const answer = await ask(worker, { type: 'maintenance', seq, timeoutMs: 0, action: 'metrics' })
  return answer.type === 'report' && answer.report.kind === 'metrics' && answer.report.metrics.unsyncedCommits
}

// A tab that gave a line up and made another one was answered over the first, where nobody listened, when that one's greeting
// came later: its calls hung.
describe('a client that comes over two lines', () => {
  it.each([
    ['in their order', [1, 2]],
    ['in the other order', [2, 1]],
  ])('is answered over the later one, when they are heard %s', async (_, order) => {
    const worker = start()
    worker.receive(hello())
    worker.receive({ type: 'wasm', wasm: await sqliteWasm() })
    for (let type = ''; type !== 'ready'; ) ({ type } = await worker.next())
    const client = '2'.repeat(32)
    const { start: _start, ...follower } = hello({ client })
    const heard: [number, string][] = []
    for (const line of order) {
      const port = {
        postMessage: ({ type }: FromEngine) => {
          heard.push([line, type])
        },
      }
      worker.receive({ ...follower, line }, port)
    }
    await expect.poll(() => heard).toContainEqual([2, 'ready'])
    worker.receive({
      type: 'requests',
      client,
      ackedThrough: 0,
      requests: [{ type: 'script', seq: 1, timeoutMs: 0, sql: 'SELECT 1' }],
    })
    await expect.poll(() => heard).toContainEqual([2, 'answers'])
    expect(heard).toContainEqual([1, 'failed'])
  })
})

// Relaxed commits waited for their timer while the page could be ended at any moment, and a page that was come back to
// from where its data had been cleared went on acknowledging writes for up to half a minute.
describe('a page that is not looked at any more', () => {
  it('has its relaxed commits synced', async () => {
    const worker = start()
    const { settings } = hello()
    worker.receive(hello({ settings: { ...settings, durability: 'relaxed' } }))
    worker.receive({ type: 'wasm', wasm: await sqliteWasm() })
    for (let message = await worker.next(); message.type !== 'ready'; ) message = await worker.next()
    await ask(worker, { type: 'script', seq: 1, timeoutMs: 0, sql: 'CREATE TABLE t(a)' })
    expect(await unsynced(worker, 2)).toBe(1)
    worker.receive({ type: 'visibility', client: CLIENT, visible: false })
    expect(await unsynced(worker, 3)).toBe(0)
  })

  it('has its storage looked for when it is looked at again', async () => {
    const page = platform()
    const worker = start({}, async (...given) => {
      const opened = await storedEngines(page)(...given)
      return { ...opened, stillThere: () => Promise.reject(new DeviceError('evicted', 'it is gone')) }
    })
    worker.receive(hello())
    worker.receive({ type: 'wasm', wasm: await sqliteWasm() })
    for (let message = await worker.next(); message.type !== 'ready'; ) message = await worker.next()
    worker.receive({ type: 'visibility', client: CLIENT, visible: true })
    expect(await worker.next()).toMatchObject({ event: { name: 'terminated', error: { code: 'evicted' } } })
  })
})

describe('the engine worker', () => {
  it('answers a greeting with what is in force, holding the lock that tells of its life', async () => {
    const { receive, next, page } = start()
    receive(hello())
    receive({ type: 'wasm', wasm: await sqliteWasm() })
    expect(await next()).toEqual({ type: 'opening' })
    expect(await next()).toMatchObject({
      type: 'ready',
      protocol: PROTOCOL_VERSION,
      info: { storage: 'memory', blockSize: 4096, created: true, sqliteVersion: '3.54.1', readOnly: false },
    })
    expect(page.held).toEqual([`datasync:alive:${CLIENT}`])
  })

  it('serves requests and closes at the last goodbye', async () => {
    const { receive, next } = start()
    receive(hello())
    receive({ type: 'wasm', wasm: await sqliteWasm() })
    for (let message = await next(); message.type !== 'ready'; ) message = await next()
    const sql = 'CREATE TABLE t(a); INSERT INTO t VALUES(1)'
    receive({
      type: 'requests',
      client: CLIENT,
      ackedThrough: 0,
      requests: [
        { type: 'script', seq: 1, timeoutMs: 0, sql },
        { type: 'statement', seq: 2, timeoutMs: 0, sql: 'SELECT a FROM t', want: 'rows', parameters: undefined },
        { type: 'maintenance', seq: 3, timeoutMs: 0, action: 'checkpoint' },
        { type: 'maintenance', seq: 4, timeoutMs: 0, action: 'verify' },
      ],
    })
    const answers: Answer[] = []
    while (answers.length < 4) {
      const message = await next()
      if (message.type !== 'answers') continue
      answers.push(...message.answers.filter(({ type }) => type !== 'progress'))
    }
    // Housekeeping runs beside what comes after it.
    answers.sort((a, b) => a.seq - b.seq)
    expect(answers).toMatchObject([
      { type: 'done', seq: 1 },
      { type: 'result', seq: 2, rows: { count: 1 } },
      { type: 'done', seq: 3 },
      { type: 'report', seq: 4, report: { kind: 'verify', damaged: [], sqlite: [] } },
    ])
    receive({ type: 'goodbye', client: CLIENT })
    expect(await next()).toEqual({ type: 'closed' })
  })

  it('refuses the main thread of a page and says how to start a worker', async () => {
    const { receive, next } = start({ document: {} })
    receive(hello())
    expect(await next()).toMatchObject({
      type: 'failed',
      error: { class: 'UsageError', code: 'wrong-thread', message: expect.stringContaining('new Worker(') },
    })
  })

  it('refuses another protocol by naming both', async () => {
    const { receive, next } = start()
    receive(hello({ protocol: 99 }))
    expect(await next()).toMatchObject({ type: 'failed', error: { class: 'AssetLoadError' } })
  })

  it('says what is wrong when the wasm file is an HTML page, missing or broken', async () => {
    const answer = (body: string, init: ResponseInit) => ({ fetch: async () => new Response(body, init) })
    const load = (scope: { fetch: () => Promise<Response> }) =>
      loadSqlite({ url: 'https://a.test/sqlite3.wasm' }, scope)
    const html = { headers: { 'content-type': 'text/html' } }
    for (const [scope, message] of [
      [answer('<!doctype html>', html), 'HTML page'],
      [answer('', { status: 404 }), '404'],
      [answer('nonsense', { headers: { 'content-type': 'application/wasm' } }), 'loaded from'],
      [{ fetch: () => Promise.reject(new TypeError('offline')) }, 'offline'],
    ] as const)
      await expect(load(scope)).rejects.toMatchObject({
        code: 'asset-load',
        url: 'https://a.test/sqlite3.wasm',
        message: expect.stringMatching(new RegExp(`${message}.*wasmUrl`)),
      })
  })

  it('loads a wasm file that is served with a wrong MIME type', async () => {
    const { readFile } = await import('node:fs/promises')
    const { createRequire } = await import('node:module')
    const bytes = await readFile(createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'))
    const fetch = async () => new Response(bytes, { headers: { 'content-type': 'application/octet-stream' } })
    const sqlite3 = await loadSqlite({ url: 'https://a.test/x' }, { fetch })
    expect(sqlite3.version.libVersion).toBe('3.54.1')
    expect(sqlite3.capi.sqlite3_js_vfs_list()).not.toContain('opfs')
    const constants: Record<string, unknown> = { ...sqlite3.capi }
    for (const [name, value] of Object.entries(code)) expect([name, constants[name]]).toEqual([name, value])
  })
})
