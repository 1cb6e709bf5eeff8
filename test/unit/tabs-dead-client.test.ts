// What a client leaves behind in the leader's worker when it dies without a word, with the real worker, engine and leadership on
// simulated locks. The clock stands still all the time: what waited for a timer, however short, would never come.
import { expect, test } from 'vitest'
import { Leadership } from '../../src/coordination/leadership.ts'
import { clientLockName } from '../../src/coordination/names.ts'
import { MemoryDevice } from '../../src/device/memory.ts'
import { storedEngines } from '../../src/engine/open-engine.ts'
import { startEngineWorker } from '../../src/engine/worker.ts'
import { realEnvironment } from '../../src/environment.ts'
import {
  type Answer,
  type FromEngine,
  type Hello,
  PROTOCOL_VERSION,
  type Request,
} from '../../src/protocol/messages.ts'
import { Agent } from '../../src/testing/agent.ts'
import { SharedLocks } from '../../src/testing/locks.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { sqliteWasm } from '../support/sqlite.ts'

const ROWS = 'WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row)'

/** Stands still, and tells of every look at it. */
class WatchedClock extends ManualClock {
  onLook: (() => void) | undefined

  override monotonicMs(): number {
    this.onLook?.()
    return super.monotonicMs()
  }
}

async function leadingWorker() {
  const locks = new SharedLocks()
  const clock = new WatchedClock()
  const environment = { ...realEnvironment(), clock }
  const engine = new Agent()
  const channel = { postMessage: () => {}, onmessage: undefined, close: () => {} }
  const tabs = new Leadership(
    {
      locks: locks.of(engine),
      random: environment.random,
      openChannel: () => channel,
      wrapPort: () => {
        throw new Error('nobody connects')
      },
    },
    () => {},
  )
  const platform = {
    environment,
    storage: {
      environment,
      getDirectory: undefined,
      indexedDb: undefined,
      locks: undefined,
      deviceMemoryBytes: undefined,
    },
    tabs,
    holdLock: async () => {},
    persisted: async () => false,
  }
  const engines = storedEngines(platform, async () => ({
    device: new MemoryDevice(),
    kind: 'memory',
    why: [],
    storeId: '7'.repeat(32),
    created: true,
    afterOpen: async () => {},
    stillThere: async () => {},
  }))
  const fromWorker: FromEngine[] = []
  const receive = startEngineWorker({ postMessage: (message) => fromWorker.push(message) }, platform, engines)
  receive({ type: 'wasm', wasm: await sqliteWasm() })

  /** A client that holds its lock; the first one is that of the worker's own page. */
  async function client(id: string, start?: Hello['start']) {
    const agent = new Agent()
    const held = new Promise<void>((resolve) => {
      const hold = () => {
        resolve()
        return new Promise<never>(() => {})
      }
      void locks.of(agent).request(clientLockName('app.db', id), hold)
    })
    await held
    const heard: FromEngine[] = start ? fromWorker : []
    const port = start ? undefined : { postMessage: (message: FromEngine) => heard.push(message) }
    const sync = { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 }
    const settings = { durability: 'strict', foreignKeys: true, sync } as const
    receive({ type: 'hello', protocol: PROTOCOL_VERSION, client: id, settings, ...(start && { start }) }, port)
    const said = async <T>(what: (message: FromEngine) => T | undefined): Promise<T> => {
      for (;;) {
        for (const message of heard) {
          const found = what(message)
          if (found !== undefined) return found
        }
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    await said((message) => (message.type === 'ready' ? message : undefined))
    return {
      agent,
      send: (...requests: Request[]) => receive({ type: 'requests', client: id, ackedThrough: 0, requests }, port),
      answer: (seq: number) =>
        said((message): Answer | undefined =>
          message.type === 'answers' ? message.answers.find((answer) => answer.seq === seq) : undefined,
        ),
    }
  }
  const files = { name: 'app.db', storage: 'auto', blockSize: 4096, checksum: 'xxhash64' } as const
  const owner = await client('1'.repeat(32), { ...files, cacheBytes: 1 << 20, rowBytesMax: 1 << 20, debug: false })
  return { clock, owner, other: await client('2'.repeat(32)), third: await client('3'.repeat(32)) }
}

const script = (seq: number, sql: string): Request => ({ type: 'script', seq, timeoutMs: 0, sql })
const statement = (seq: number, sql: string, more: { transaction?: number; want?: 'rows' } = {}): Request => ({
  type: 'statement',
  seq,
  timeoutMs: 0,
  sql,
  parameters: undefined,
  want: 'changes',
  ...more,
})
const metrics = (seq: number): Request => ({ type: 'maintenance', seq, timeoutMs: 0, action: 'metrics' })

test("a dead client's transaction is rolled back as soon as its running statement ends", async () => {
  const { clock, owner, other, third } = await leadingWorker()
  owner.send(script(1, 'CREATE TABLE t (a)'))
  await owner.answer(1)
  other.send({ type: 'begin', seq: 1, timeoutMs: 0, transaction: 1, mode: 'immediate', lifetimeMs: 60_000 })
  await other.answer(1)
  // The death falls into the statement: it looks at the clock now and then while it runs.
  let looks = 0
  clock.onLook = () => {
    if (++looks === 50) other.agent.end()
  }
  other.send(statement(2, `INSERT INTO t ${ROWS} SELECT n FROM row LIMIT 50000`, { transaction: 1 }))
  third.send(statement(1, "INSERT INTO t VALUES ('after it')"))
  expect(await third.answer(1)).toMatchObject({ type: 'result', changes: 1 })
  expect(looks).toBeGreaterThan(50)
  clock.onLook = undefined
  third.send(statement(2, 'DELETE FROM t'))
  expect(await third.answer(2)).toMatchObject({ changes: 1 })
  expect(clock.monotonicMs()).toBe(1000)
})

test("a dead client's streams give their readers back, and the writer is free for the next one", async () => {
  const { clock, owner, other, third } = await leadingWorker()
  owner.send(script(1, 'CREATE TABLE t (a)'))
  await owner.answer(1)
  // Nobody takes its chunks, so it waits for ever.
  other.send(statement(1, `${ROWS} SELECT n, randomblob(100000) FROM row LIMIT 200`, { want: 'rows' }))
  await other.answer(1)
  third.send(metrics(1))
  expect(await third.answer(1)).toMatchObject({ report: { metrics: { readersInUse: 1 } } })
  other.send({ type: 'begin', seq: 2, timeoutMs: 0, transaction: 1, mode: 'immediate', lifetimeMs: 60_000 })
  await other.answer(2)
  owner.send({ type: 'begin', seq: 2, timeoutMs: 0, transaction: 1, mode: 'immediate', lifetimeMs: 60_000 })
  other.agent.end()
  await owner.answer(2)
  third.send(metrics(2))
  expect(await third.answer(2)).toMatchObject({ report: { metrics: { readersInUse: 0 } } })
  expect(clock.monotonicMs()).toBe(1000)
})
