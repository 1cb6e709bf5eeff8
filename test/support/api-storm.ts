// Random use of the whole public API from one seed: calls of every kind, many at a time, with aborts, time-outs, streams
// that are left and callbacks that throw at random moments, and now and then a close. What must hold:
//  1. every call settles, and what it rejects with has a code that such a call may end with
//  2. whatever is read, sums to nothing: each write adds an amount and its opposite, so that half of one would be seen
//  3. when all have settled, the engine has no snapshot, no reader and no request left, and it closes: its connections
//     assert that no statement is active, and its memory that no parameters are held
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import type { CallOptions } from '../../src/client/options.ts'
import type { Transaction } from '../../src/client/transaction.ts'
import { DataSyncError } from '../../src/errors/errors.ts'
import { inProcessPlatform } from './in-process-worker.ts'
import { type Chance, seeded } from './seeded.ts'

/** What a call may end with here: its own limits, SQL's no, the rules for transactions. */
const CODES =
  /^(timeout|aborted|closed|transaction-(deadlock|overlap|unknown|rolled-back)|snapshot-(conflict|too-old)|connection-state|stream-writes|bind|SQLITE_(ERROR|CONSTRAINT\w*|INTERRUPT|READONLY|BUSY|ABORT\w*))$/
const SUM = 'SELECT coalesce(sum(amount), 0) FROM ledger'
const PAIR = 'INSERT INTO ledger(amount) VALUES (?1), (-?1)'
const SLOW = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n'
const FUNCTIONS = `data:text/javascript,${encodeURIComponent('export const twice = (n) => 2 * n')}`

class Thrown extends Error {}

type Target = Database | Transaction
type Options = CallOptions & { readonly signal: AbortSignal | undefined; readonly timeoutMs: number | undefined }

export interface StormReport {
  readonly calls: number
  readonly codes: ReadonlyMap<string, number>
}

/** Runs `calls` calls, some of them of many statements. Throws what did not hold. */
export async function storm(seed: number, calls: number): Promise<StormReport> {
  const chance = seeded(seed)
  const codes = new Map<string, number>()
  let db = await opened(chance)
  let left = calls
  while (left > 0) {
    const count = Math.min(left, 1 + chance.int(40))
    left -= count
    const run = new Round(db, chance, codes)
    await run.all(count)
    const closing = chance.chance(0.15)
    await run.quiet(closing)
    if (closing) db = await opened(chance)
  }
  await db.close()
  return { calls, codes }
}

async function opened(chance: Chance): Promise<Database> {
  const db = await openWith(inProcessPlatform(), 'storm.db', {
    storage: 'memory',
    durability: chance.pick(['strict', 'relaxed']),
    cacheBytes: chance.pick([1 << 16, 1 << 20]),
  })
  await db.exec('CREATE TABLE ledger(id INTEGER PRIMARY KEY, amount INTEGER NOT NULL, padding BLOB)')
  await db.exec(`INSERT INTO ledger(amount, padding)
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    SELECT i, zeroblob(600) FROM n UNION ALL SELECT -i, NULL FROM n`)
  return db
}

class Round {
  readonly #db: Database
  readonly #chance: Chance
  readonly #codes: Map<string, number>
  readonly #wrong: unknown[] = []
  #under = 0

  constructor(db: Database, chance: Chance, codes: Map<string, number>) {
    this.#db = db
    this.#chance = chance
    this.#codes = codes
  }

  /** Makes calls at random moments and waits until all have settled. */
  async all(count: number): Promise<void> {
    const calls: Promise<void>[] = []
    for (let i = 0; i < count; i++) {
      if (this.#chance.chance(0.3)) await this.#pause()
      calls.push(this.#settles(() => this.#one()))
    }
    await ends(Promise.all(calls), () => `${this.#under} calls have not settled`)
    if (this.#wrong.length > 0) throw this.#wrong[0]
  }

  /** Nothing may be left. */
  async quiet(closing: boolean): Promise<void> {
    const db = this.#db
    await db.run('ROLLBACK').catch(() => {})
    if (await ends(db.value(SUM), () => 'a read did not settle')) throw new Error('an amount has lost its opposite')
    let metrics = await ends(db.metrics(), () => 'metrics() did not settle')
    // Readers that were given up end a turn later than their callers.
    for (let turn = 0; turn < 50 && leftOver(metrics) !== ''; turn++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
      metrics = await db.metrics()
    }
    if (leftOver(metrics) !== '') throw new Error(`left over: ${leftOver(metrics)}`)
    if (closing) await ends(db.close(), () => 'close() did not settle')
  }

  async #settles(call: () => Promise<unknown>): Promise<void> {
    this.#under++
    try {
      await call()
    } catch (error) {
      this.#note(error)
    } finally {
      this.#under--
    }
  }

  #note(error: unknown): void {
    if (error instanceof Thrown) return
    if (!(error instanceof DataSyncError) || !CODES.test(error.code)) this.#wrong.push(error)
    else this.#codes.set(error.code, (this.#codes.get(error.code) ?? 0) + 1)
  }

  #pause(): Promise<void> {
    const ms = this.#chance.int(4)
    return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)))
  }

  /** Now and then a signal that aborts soon, or a short time-out. */
  #limits(): Options {
    const chance = this.#chance
    let signal: AbortSignal | undefined
    if (chance.chance(0.25)) {
      const controller = new AbortController()
      signal = controller.signal
      if (chance.chance(0.1)) controller.abort()
      else setTimeout(() => controller.abort(), chance.int(12))
    }
    return { signal, timeoutMs: chance.chance(0.2) ? 1 + chance.int(20) : undefined }
  }

  async #one(): Promise<unknown> {
    const db = this.#db
    switch (this.#chance.int(14)) {
      case 0:
      case 1:
        return this.#transaction()
      case 2:
        return this.#text()
      case 3:
        return db.sync(this.#limits())
      case 4:
        return this.#chance.pick([() => db.checkpoint(this.#limits()), () => db.compact(this.#limits())])()
      case 5:
        return this.#chance.chance(0.3) ? db.verify(this.#limits()) : db.metrics(this.#limits())
      case 6:
        return this.#export()
      case 7:
        await db.function('twice', { module: FUNCTIONS, export: 'twice' }, this.#limits())
        return db.value('SELECT twice(21)', [], this.#limits())
      default:
        return this.#statement(db)
    }
  }

  async #statement(on: Target): Promise<unknown> {
    const chance = this.#chance
    const amount = 1 + chance.int(1000)
    const limits = this.#limits()
    switch (chance.int(13)) {
      case 0:
        return on.run(PAIR, [amount], limits)
      case 1:
        return on.exec(
          `INSERT INTO ledger(amount) VALUES (${amount}); INSERT INTO ledger(amount) VALUES (-${amount})`,
          limits,
        )
      case 2:
        return on.batch([[PAIR, [amount]], [SUM], [PAIR, [amount + 1]]], limits)
      case 3:
        return on.runMany(PAIR, this.#sets(), limits)
      case 4:
        return on.query('DELETE FROM ledger WHERE abs(amount) = ? RETURNING id', [amount], limits)
      case 5:
        return on.query('SELECT id, amount, padding FROM ledger', [], { ...limits, rowMode: 'array' })
      case 6:
        return on.get(SLOW, [], limits)
      case 7: {
        const statement = await on.prepare(PAIR, limits)
        return statement.run([amount], this.#limits())
      }
      case 8:
        return this.#stream(on)
      case 9:
        // Against its own first row, if the one with this key has been deleted.
        return on.run('INSERT INTO ledger(id, amount) VALUES (1, 5), (1, -5)', [], limits)
      case 10:
        return on.query('SELECT * FROM nowhere', [], limits)
      case 11:
        return on.run(PAIR, [undefined as never], limits)
      default: {
        if ((await on.value(SUM, [], limits)) !== 0) throw new Error('an amount without its opposite was read')
      }
    }
  }

  *#sets(): Generator<[number]> {
    const count = this.#chance.int(2000)
    const breaks = this.#chance.chance(0.1)
    for (let i = 0; i < count; i++) {
      if (breaks && i === count - 1) throw new Thrown()
      yield [i]
    }
  }

  async #stream(on: Target): Promise<void> {
    let left = this.#chance.pick([0, 1, 500, Number.POSITIVE_INFINITY])
    for await (const _ of on.stream('SELECT * FROM ledger', [], this.#limits())) {
      if (left-- <= 0) break
      if (left % 200 === 0) await this.#pause()
    }
  }

  async #export(): Promise<void> {
    const reader = this.#db.exportStream(this.#limits()).getReader()
    for (let left = this.#chance.int(4); left > 0; left--) if ((await reader.read()).done) return
    await reader.cancel()
  }

  async #transaction(): Promise<unknown> {
    const chance = this.#chance
    const options = {
      ...chance.pick([{ mode: 'immediate' }, { mode: 'deferred' }, { readonly: true }, {}] as const),
      ...this.#limits(),
      retries: chance.int(2),
    }
    return this.#db.transaction((tx) => this.#inside(tx, 0), options)
  }

  async #inside(tx: Transaction, depth: number): Promise<void> {
    const chance = this.#chance
    for (let steps = chance.int(6); steps > 0; steps--) {
      if (chance.chance(0.3)) await this.#pause()
      if (depth < 2 && chance.chance(0.2)) {
        await tx.transaction((inner) => this.#inside(inner, depth + 1)).catch((error: unknown) => this.#note(error))
      } else {
        const call = this.#statement(tx)
        // Most errors reach the transaction, some are handled by its callback.
        await (chance.chance(0.6) ? call : call.catch((error: unknown) => this.#note(error)))
      }
    }
    if (chance.chance(0.15)) throw new Thrown()
  }

  async #text(): Promise<void> {
    const db = this.#db
    await db.run(this.#chance.pick(['BEGIN', 'BEGIN DEFERRED', 'SAVEPOINT s']), [], this.#limits())
    try {
      for (let steps = this.#chance.int(4); steps > 0; steps--) await this.#statement(db)
      await db.exec(
        this.#chance.pick(['COMMIT', 'ROLLBACK', 'INSERT INTO ledger(amount) VALUES (0); COMMIT']),
        this.#limits(),
      )
    } finally {
      await db.run('ROLLBACK').catch((error: unknown) => this.#note(error))
    }
  }
}

function leftOver({ pins, readersInUse, queueDepth }: Readonly<Record<string, number>>): string {
  // The call of metrics() itself is a request.
  const names = { pins, readersInUse, requests: (queueDepth ?? 0) - 1 }
  return Object.entries(names)
    .filter(([, count]) => count !== 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ')
}

/** Fails where something takes longer than any limit allows. */
async function ends<T>(promise: Promise<T>, what: () => string): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`After 45 s ${what()}.`)), 45_000)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
