// `{ signal, timeoutMs }` on every call: with an engine that does not answer, each ends by its own limit and with the right
// error; an option that none of them knows is refused; and when the engine goes on, nothing of it is left.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withinLimits } from '../../src/client/abort.ts'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import type { CallOptions } from '../../src/client/options.ts'
import type { Statement } from '../../src/client/statement.ts'
import type { Transaction } from '../../src/client/transaction.ts'
import type { Transport } from '../../src/coordination/platform.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const SELECT = 'SELECT a FROM t'
const INSERT = 'INSERT INTO t VALUES (?)'
const MODULE = `data:text/javascript,${encodeURIComponent('export default () => 1')}`

type Place = { readonly db: Database; readonly tx: Transaction; readonly statement: Statement }
type Call = (place: Place, options: CallOptions) => Promise<unknown>

const queryable = (of: (place: Place) => Database | Transaction): Record<string, Call> => ({
  exec: (place, options) => of(place).exec('DELETE FROM t', options),
  run: (place, options) => of(place).run(INSERT, [1], options),
  query: (place, options) => of(place).query(SELECT, [], options),
  get: (place, options) => of(place).get(SELECT, [], options),
  value: (place, options) => of(place).value(SELECT, [], options),
  stream: async (place, options) => of(place).stream(SELECT, [], options).next(),
  runMany: (place, options) => of(place).runMany(INSERT, [[1], [2]], options),
  batch: (place, options) => of(place).batch([[INSERT, [1]]], options),
  prepare: (place, options) => of(place).prepare(INSERT, options),
})

const prefixed = (prefix: string, calls: Record<string, Call>) =>
  Object.fromEntries(Object.entries(calls).map(([name, call]) => [`${prefix}.${name}`, call]))

const CALLS: Record<string, Call> = {
  ...prefixed(
    'db',
    queryable(({ db }) => db),
  ),
  ...prefixed(
    'tx',
    queryable(({ tx }) => tx),
  ),
  'statement.run': ({ statement }, options) => statement.run([1], options),
  'statement.query': ({ statement }, options) => statement.query([1], options),
  'statement.get': ({ statement }, options) => statement.get([1], options),
  'statement.value': ({ statement }, options) => statement.value([1], options),
  'statement.runMany': ({ statement }, options) => statement.runMany([[1]], options),
  'db.sync': ({ db }, options) => db.sync(options),
  'db.checkpoint': ({ db }, options) => db.checkpoint(options),
  'db.compact': ({ db }, options) => db.compact(options),
  'db.verify': ({ db }, options) => db.verify(options),
  'db.metrics': ({ db }, options) => db.metrics(options),
  'db.export': ({ db }, options) => db.export(options),
  'db.exportStream': async ({ db }, options) => db.exportStream(options).getReader().read(),
  'db.import': ({ db }, options) => db.import(new Uint8Array(100), options),
  'db.function': ({ db }, options) => db.function('f', { module: MODULE }, options),
}

let place: Place
let gate: { close(): void; open(): void }
let finish = () => {}
let committed: Promise<unknown>

beforeAll(async () => {
  const { platform, ...rest } = gated()
  gate = rest
  const db = await openWith(platform, 'app.db', { storage: 'memory' })
  await db.exec('CREATE TABLE t(a)')
  const statement = await db.prepare(INSERT)
  const finished = new Promise<void>((resolve) => (finish = resolve))
  const tx = await new Promise<Transaction>((resolve) => {
    committed = db.transaction(
      async (inner) => {
        resolve(inner)
        await finished
      },
      { timeoutMs: 0 },
    )
  })
  place = { db, tx, statement }
  gate.close()
})

afterAll(() => place.db.close())

describe.each(Object.entries(CALLS))('%s', (_, call) => {
  it('ends with AbortError by a signal, before and after it was sent', async () => {
    await expect(call(place, { signal: AbortSignal.abort('enough') })).rejects.toMatchObject({ code: 'aborted' })
    const controller = new AbortController()
    const running = call(place, { signal: controller.signal })
    setTimeout(() => controller.abort(), 5)
    await expect(running).rejects.toMatchObject({ code: 'aborted' })
  })

  it('refuses options that it does not know, or of another kind', async () => {
    const given = async (options: unknown) => call(place, options as CallOptions)
    await expect(given({ timeout: 5 })).rejects.toMatchObject({ code: 'unknown-option' })
    await expect(given({ timeoutMs: '5' })).rejects.toMatchObject({ code: 'invalid-argument' })
    await expect(given({ signal: {} })).rejects.toMatchObject({ code: 'invalid-argument' })
  })
})

// What asks the browser, not the engine.
it('tabs() ends by its signal and by its time, and refuses other options', async () => {
  const platform = inProcessPlatform()
  const db = await openWith(platform, 'app.db', { storage: 'memory' })
  await expect(db.tabs({ signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  await expect(db.tabs({ timeout: 1 } as CallOptions)).rejects.toMatchObject({ code: 'unknown-option' })
  await expect(withinLimits(platform.clock, { timeoutMs: 5 }, () => new Promise(() => {}))).rejects.toMatchObject({
    code: 'timeout',
  })
  const controller = new AbortController()
  const waiting = withinLimits(platform.clock, { signal: controller.signal }, () => new Promise(() => {}))
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
  expect(await db.tabs({ timeoutMs: 1000 })).toHaveLength(1)
  await db.close()
})

it('each ends with TimeoutError by its time', async () => {
  const ends = Object.entries(CALLS).map(async ([name, call]) => [
    name,
    await call(place, { timeoutMs: 10 }).then(
      () => 'ended well',
      (error: { code: string }) => error.code,
    ),
  ])
  expect(await Promise.all(ends)).toEqual(Object.keys(CALLS).map((name) => [name, 'timeout']))
})

it('when the engine goes on, nothing of them is left', async () => {
  gate.open()
  finish()
  await committed
  // What had begun when it was given up ends a few turns later.
  const rest = async () => {
    const { pins, readersInUse, queueDepth } = await place.db.metrics()
    return { pins, readersInUse, queueDepth }
  }
  await expect.poll(rest, { timeout: 10_000 }).toEqual({ pins: 0, readersInUse: 0, queueDepth: 1 })
})

/** A platform whose engine hears nothing while the gate is closed. */
function gated() {
  const inner = inProcessPlatform()
  let held: (() => void)[] | undefined
  const startWorker = (...given: Parameters<typeof inner.startWorker>): Transport => {
    const transport = inner.startWorker(...given)
    const post = transport.postMessage
    transport.postMessage = (message, transfer) => {
      if (held) held.push(() => post(message, transfer))
      else post(message, transfer)
    }
    return transport
  }
  return {
    platform: { ...inner, startWorker },
    close: () => {
      held = []
    },
    open: () => {
      const waiting = held ?? []
      held = undefined
      for (const send of waiting) send()
    },
  }
}
