// Requests given up through shared memory, which a statement sees while it runs. A clock stands for the other thread: SQLite
// asks it now and then, and at one such moment the page raises the flag.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { realEnvironment } from '../../src/environment.ts'
import { CANCEL_FLAGS_BYTES, CancelFlags } from '../../src/protocol/cancel-flags.ts'
import { startEngine, type TestClient } from '../support/engine-client.ts'

const ENDLESS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n'

const newFlags = () => new CancelFlags(new SharedArrayBuffer(CANCEL_FLAGS_BYTES))

describe('a flag', () => {
  it('is of one request of one client, until its slot is taken again', () => {
    const client = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 })
    const request = fc.noBias(fc.record({ client, seq: fc.integer({ min: 1, max: 2 ** 31 }) }))
    fc.assert(
      fc.property(fc.uniqueArray(request, { selector: (each) => `${each.client} ${each.seq}` }), (requests) => {
        const flags = newFlags()
        for (const { client, seq } of requests) {
          expect(flags.raised(client, seq)).toBe(false)
          flags.raise(client, seq)
          expect(flags.raised(client, seq)).toBe(true)
        }
      }),
    )
  })
})

describe('an engine that shares memory with its page', () => {
  /** `during` is called at every look of a running statement at the clock, once it was asked for. */
  async function engineWithFlags() {
    const flags = newFlags()
    const watch: { during: (() => void) | undefined } = { during: undefined }
    const environment = realEnvironment()
    const clock = {
      ...environment.clock,
      monotonicMs: () => {
        watch.during?.()
        return environment.clock.monotonicMs()
      },
    }
    const { client } = await startEngine({ environment: { ...environment, clock }, cancelFlags: flags })
    return { flags, watch, client }
  }

  /** Has the newest request of `db` given up after it has been running for a while. */
  function giveUpWhileRunning({ flags, watch }: Awaited<ReturnType<typeof engineWithFlags>>, db: TestClient): void {
    let looks = 0
    watch.during = () => {
      if (++looks < 100) return
      watch.during = undefined
      flags.raise(db.id, db.seq)
    }
  }

  it('ends a statement without end that reads, and serves the next', async () => {
    const engine = await engineWithFlags()
    const db = engine.client()
    giveUpWhileRunning(engine, db)
    await expect(db.value(ENDLESS)).rejects.toMatchObject({ code: 'aborted' })
    expect(await db.value('SELECT 1')).toBe(1)
  })

  it('ends one that writes and applies nothing of it', async () => {
    const engine = await engineWithFlags()
    const db = engine.client()
    await db.exec('CREATE TABLE t (a)')
    giveUpWhileRunning(engine, db)
    await expect(db.run(`INSERT INTO t ${ENDLESS}`)).rejects.toMatchObject({ code: 'aborted' })
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
  })

  it('takes back all of a batch, a script and a part of a bulk', async () => {
    const engine = await engineWithFlags()
    const db = engine.client()
    await db.exec('CREATE TABLE t (a)')
    giveUpWhileRunning(engine, db)
    await expect(db.batch([['INSERT INTO t VALUES (1)'], [`INSERT INTO t ${ENDLESS}`]])).rejects.toMatchObject({
      code: 'aborted',
    })
    giveUpWhileRunning(engine, db)
    await expect(db.exec(`INSERT INTO t VALUES (1); INSERT INTO t ${ENDLESS}`)).rejects.toMatchObject({
      code: 'aborted',
    })
    giveUpWhileRunning(engine, db)
    const endlessFrom = ENDLESS.replace('SELECT 1', 'SELECT ?')
    await expect(db.bulk(`INSERT INTO t ${endlessFrom}`, [[[1]]])).rejects.toMatchObject({ code: 'aborted' })
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
    await db.run('INSERT INTO t VALUES (1)')
  })

  it('rolls an interactive transaction back whose write was ended, and says so to what follows', async () => {
    const engine = await engineWithFlags()
    const db = engine.client()
    await db.exec('CREATE TABLE t (a)')
    const tx = await db.begin()
    await db.run('INSERT INTO t VALUES (1)', [], tx)
    giveUpWhileRunning(engine, db)
    await expect(db.run(`INSERT INTO t ${ENDLESS}`, [], tx)).rejects.toMatchObject({ code: 'aborted' })
    await expect(db.value('SELECT 1', [], tx)).rejects.toMatchObject({ code: 'transaction-rolled-back' })
    await db.end(tx, 'rollback')
    expect(await db.value('SELECT count(*) FROM t')).toBe(0)
  })

  it('goes on with the requests of others that have the same number', async () => {
    const engine = await engineWithFlags()
    const [db, other] = [engine.client(), engine.client()]
    await db.value('SELECT 1')
    engine.flags.raise(other.id, db.seq + 1)
    expect(await db.value('SELECT 2')).toBe(2)
  })
})
