// Interactive transactions, readers beside them, group commit and the rule that nothing leaves the worker early.
import { describe, expect, it } from 'vitest'
import { realEnvironment } from '../../src/environment.ts'
import { LeaderLostError, StorageError } from '../../src/errors/errors.ts'
import type { Blocks } from '../../src/store/block-store-types.ts'
import { startEngine } from '../support/engine-client.ts'
import { IMPLEMENTATIONS, ObservedBlocks } from '../support/observed-blocks.ts'

const MANY = 'WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM s WHERE i<'
const SLOW = `${MANY}30000000) SELECT count(*) FROM s`

async function startedOn(make: () => Promise<Blocks>, environment = realEnvironment()) {
  const fixture = await startEngine({ blocks: new ObservedBlocks(await make()), environment })
  const db = fixture.client()
  await db.exec('CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(1)')
  return { ...fixture, db }
}

/** A promise whose turn the test decides. */
function gate() {
  let open!: () => void
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

describe.each(IMPLEMENTATIONS)('on %s', (_name, make) => {
  const started = () => startedOn(make)

  describe('an interactive transaction', () => {
    it('is invisible until its commit, and others read meanwhile but write after it', async () => {
      const { client, db } = await started()
      const other = client()
      const tx = await db.begin()
      await db.run('INSERT INTO t VALUES(2)', [], tx)
      expect(await db.query('SELECT count(*) FROM t', [], tx)).toEqual([[2]])
      expect(await other.query('SELECT count(*) FROM t')).toEqual([[1]])
      const order: string[] = []
      const waiting = other.run('INSERT INTO t VALUES(3)').then(() => order.push('other'))
      await db.end(tx).then(() => order.push('commit'))
      await waiting
      expect(order).toEqual(['commit', 'other'])
      expect(await other.query('SELECT count(*) FROM t')).toEqual([[3]])
    })

    it('is one commit, whose record says that `end` was done', async () => {
      const { blocks, db } = await started()
      const tx = await db.begin()
      const before = blocks.sequence
      await db.run('INSERT INTO t VALUES(2)', [], tx)
      await db.run('INSERT INTO t VALUES(3)', [], tx)
      await db.end(tx)
      expect(blocks.sequence).toBe(before + 1)
      expect(blocks.published.at(-1)).toMatchObject([{ client: db.id, seq: db.seq }])
    })

    it('rolls back on request, and nests by savepoints', async () => {
      const { db } = await started()
      const tx = await db.begin()
      await db.savepoint(tx, 'open', 1)
      await db.run('INSERT INTO t VALUES(2)', [], tx)
      await db.savepoint(tx, 'rollback', 1)
      await db.savepoint(tx, 'open', 1)
      await db.run('INSERT INTO t VALUES(3)', [], tx)
      await db.savepoint(tx, 'release', 1)
      await db.end(tx)
      expect(await db.query('SELECT a FROM t')).toEqual([[1], [3]])
      const second = await db.begin()
      await db.run('DELETE FROM t', [], second)
      await db.end(second, 'rollback')
      expect(await db.value('SELECT count(*) FROM t')).toBe(2)
    })

    it('survives a failed statement, and says so when SQLite rolled it back', async () => {
      const { db } = await started()
      const tx = await db.begin()
      await db.run('INSERT INTO t VALUES(2)', [], tx)
      await expect(db.run('INSERT INTO t VALUES(2)', [], tx)).rejects.toThrow('UNIQUE')
      await expect(db.run('INSERT OR ROLLBACK INTO t VALUES(2)', [], tx)).rejects.toThrow('UNIQUE')
      await expect(db.run('INSERT INTO t VALUES(5)', [], tx)).rejects.toMatchObject({ code: 'transaction-rolled-back' })
      await expect(db.end(tx)).rejects.toMatchObject({ code: 'transaction-rolled-back' })
      expect(await db.query('SELECT a FROM t')).toEqual([[1]])
    })

    it('cannot be ended by its own SQL text', async () => {
      const { db } = await started()
      const tx = await db.begin()
      for (const sql of ['COMMIT', 'ROLLBACK', 'BEGIN'])
        await expect(db.run(sql, [], tx)).rejects.toMatchObject({ code: 'connection-state' })
      await db.end(tx)
    })

    it('may hold temporary tables and attached memory, which are gone afterwards', async () => {
      const { db } = await started()
      const tx = await db.begin()
      await db.run('CREATE TEMP TABLE x(a)', [], tx)
      await db.run('INSERT INTO x SELECT a FROM t', [], tx)
      expect(await db.value('SELECT count(*) FROM x', [], tx)).toBe(1)
      await db.run("ATTACH ':memory:' AS m", [], tx)
      await expect(db.run("ATTACH 'x.db' AS n", [], tx)).rejects.toMatchObject({ code: 'connection-state' })
      await db.end(tx)
      await expect(db.query('SELECT * FROM x')).rejects.toThrow('no such table')
      expect((await db.query('PRAGMA database_list')).length).toBe(1)
    })

    it('that stays open too long is rolled back, and each later call says why', async () => {
      const { client, db } = await started()
      const tx = await db.begin('immediate', 30)
      await db.run('INSERT INTO t VALUES(2)', [], tx)
      await client().run('INSERT INTO t VALUES(7)')
      await expect(db.run('INSERT INTO t VALUES(3)', [], tx)).rejects.toMatchObject({ code: 'timeout' })
      await expect(db.end(tx)).rejects.toMatchObject({ code: 'timeout' })
      expect(await db.query('SELECT a FROM t')).toEqual([[1], [7]])
    })

    // A reader that knew an older schema compiled the DROP to nothing, so it was taken for a read; its first step found the
    // newer schema, compiled it anew to a write, and ended `database is locked`.
    it.each([
      ['DROP TRIGGER IF EXISTS g', 'CREATE TRIGGER g AFTER DELETE ON t BEGIN SELECT 1; END', 0],
      ['CREATE TRIGGER IF NOT EXISTS h AFTER DELETE ON t BEGIN SELECT 1; END', 'DROP TRIGGER h', 1],
    ])('lets another client wait with %s', async (sql, before, triggers) => {
      const { client, db } = await started()
      const other = client()
      const count = "SELECT count(*) FROM sqlite_schema WHERE type='trigger'"
      await db.run('CREATE TRIGGER h AFTER DELETE ON t BEGIN SELECT 1; END')
      if (triggers === 0) await db.run('DROP TRIGGER h')
      const first = await db.begin()
      // On a reader, which keeps the schema that it finds.
      await other.value(count)
      await db.run(before, [], first)
      await db.end(first)
      const second = await db.begin()
      const waiting = other.run(sql)
      await db.run('INSERT INTO t VALUES(2)', [], second)
      await db.end(second)
      await waiting
      expect(await db.value(count)).toBe(triggers)
    })

    it('of a client that left is rolled back, and who waited goes on', async () => {
      const { engine, client, db } = await started()
      const other = client()
      const tx = await db.begin()
      await db.run('INSERT INTO t VALUES(2)', [], tx)
      const waiting = other.run('INSERT INTO t VALUES(3)')
      await engine.detach(db.id)
      await waiting
      expect(await other.query('SELECT a FROM t')).toEqual([[1], [3]])
    })

    it('refused by a deferred key at its commit is rolled back', async () => {
      const { db } = await started()
      await db.exec('CREATE TABLE p(a PRIMARY KEY); CREATE TABLE c(a REFERENCES p DEFERRABLE INITIALLY DEFERRED)')
      const tx = await db.begin()
      await db.run('INSERT INTO c VALUES(9)', [], tx)
      await expect(db.end(tx)).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' })
      expect(await db.value('SELECT count(*) FROM c')).toBe(0)
    })

    it('takes scripts, batches and bulks, each atomic in itself', async () => {
      const { db } = await started()
      const tx = await db.begin()
      await db.exec('INSERT INTO t VALUES(2); INSERT INTO t VALUES(3)', tx)
      await expect(db.exec('INSERT INTO t VALUES(4); INSERT INTO t VALUES(1)', tx)).rejects.toThrow('UNIQUE')
      await db.batch([['INSERT INTO t VALUES(5)']], tx)
      await expect(db.batch([['INSERT INTO t VALUES(6)'], ['INSERT INTO t VALUES(1)']], tx)).rejects.toThrow('UNIQUE')
      expect(await db.bulk('INSERT INTO t VALUES(?)', [[[7]], [[8]]], tx)).toMatchObject({ changes: 2 })
      await expect(db.bulk('INSERT INTO t VALUES(?)', [[[9]], [[1]]], tx)).rejects.toThrow('UNIQUE')
      await db.end(tx)
      expect((await db.query('SELECT a FROM t ORDER BY a')).flat()).toEqual([1, 2, 3, 5, 7, 8])
    })
  })

  describe('a deferred transaction', () => {
    it('reads from its snapshot and moves to the writer at its first write', async () => {
      const { client, db } = await started()
      const tx = await db.begin('deferred')
      expect(await db.value('SELECT count(*) FROM t', [], tx)).toBe(1)
      await db.run('INSERT INTO t VALUES(2)', [], tx)
      expect(await db.value('SELECT count(*) FROM t', [], tx)).toBe(2)
      expect(await client().value('SELECT count(*) FROM t')).toBe(1)
      await db.end(tx)
      expect(await db.value('SELECT count(*) FROM t')).toBe(2)
    })

    it('whose snapshot is old by then ends with a retryable conflict', async () => {
      const { client, db } = await started()
      const tx = await db.begin('deferred')
      await client().run('INSERT INTO t VALUES(2)')
      expect(await db.value('SELECT count(*) FROM t', [], tx)).toBe(1)
      const conflict = { code: 'snapshot-conflict', retryable: true }
      await expect(db.run('INSERT INTO t VALUES(3)', [], tx)).rejects.toMatchObject(conflict)
      await expect(db.end(tx)).rejects.toMatchObject(conflict)
      await db.run('INSERT INTO t VALUES(3)')
    })

    it('waits for the writer when another transaction holds it', async () => {
      const { client, db } = await started()
      const other = client()
      const first = await other.begin()
      const tx = await db.begin('deferred')
      const write = db.run('INSERT INTO t VALUES(2)', [], tx)
      await other.end(first, 'rollback')
      await write
      await db.end(tx)
      expect(await db.value('SELECT count(*) FROM t')).toBe(2)
    })
  })

  describe('a read-only transaction', () => {
    it('whose time is over while its rows wait to be taken ends, and its connection is free again', async () => {
      const { engine, blocks, db } = await started()
      await db.exec(`CREATE TABLE big(a); INSERT INTO big ${MANY}300) SELECT zeroblob(40000) FROM s`)
      const transaction = await db.begin('readonly', 50)
      db.autoCredit = false
      const sql = 'SELECT a FROM big'
      const sent = db.request({ type: 'statement', sql, parameters: undefined, want: 'rows', transaction })
      await expect(sent.answer).rejects.toMatchObject({ code: 'timeout' })
      await expect(db.end(transaction)).rejects.toMatchObject({ code: 'timeout' })
      await engine.close()
      expect(blocks.counts.released).toBe(blocks.counts.pins)
    })

    it('keeps its snapshot, never waits and refuses writes', async () => {
      const { client, db } = await started()
      const writer = client()
      const open = await writer.begin()
      const tx = await db.begin('readonly')
      await writer.run('INSERT INTO t VALUES(2)', [], open)
      await writer.end(open)
      expect(await db.value('SELECT count(*) FROM t', [], tx)).toBe(1)
      await expect(db.run('INSERT INTO t VALUES(3)', [], tx)).rejects.toMatchObject({ code: 'SQLITE_READONLY' })
      await db.end(tx)
      expect(await db.value('SELECT count(*) FROM t')).toBe(2)
    })
  })

  describe('group commit', () => {
    it('lets the answers before a write go that has to wait until the log has room', async () => {
      const { blocks, db } = await started()
      const { passed, open } = gate()
      const { prepares } = blocks.counts
      // The first write asks before its transaction and before its commit.
      blocks.delayRoom = () => (blocks.counts.prepares > prepares + 2 ? passed : Promise.resolve())
      const first = db.run('INSERT INTO t VALUES(2)')
      const second = db.run('INSERT INTO t VALUES(3)').then(() => 'second')
      await first
      expect(await Promise.race([second, first.then(() => 'first')])).toBe('first')
      open()
      expect(await second).toBe('second')
      expect(await db.query('SELECT a FROM t')).toEqual([[1], [2], [3]])
    })

    it('flushes once for all writes of one envelope, and answers them in one message', async () => {
      // Time stands still, so that the group is not ended by it.
      const { clock, random } = realEnvironment()
      const { blocks, db } = await startedOn(make, { random, clock: { ...clock, monotonicMs: () => 0 } })
      const [messages, flushes] = [db.messages, blocks.counts.flushes]
      await Promise.all(Array.from({ length: 50 }, (_, i) => db.run('INSERT INTO t VALUES(?)', [100 + i])))
      expect(blocks.counts.flushes - flushes).toBe(1)
      expect(db.messages - messages).toBe(1)
    })

    it('syncs for a strict client and only flushes for a relaxed one', async () => {
      const { blocks, client, db } = await started()
      expect(blocks.counts.syncs).toBe(0)
      const strict = client({ durability: 'strict' })
      await strict.value('SELECT 1')
      expect(blocks.syncedSequence).toBe(blocks.sequence)
      const { syncs } = blocks.counts
      await strict.value('SELECT 1')
      expect(blocks.counts.syncs).toBe(syncs)
      await db.run('INSERT INTO t VALUES(2)')
      expect(blocks.counts.syncs).toBe(syncs)
      await strict.run('INSERT INTO t VALUES(3)')
      expect(blocks.counts.syncs).toBe(syncs + 1)
    })

    it('holds a read back until the commit that it saw has reached its level', async () => {
      const { blocks, client } = await started()
      const strict = client({ durability: 'strict' })
      await strict.run('INSERT INTO t VALUES(2)')
      const { passed, open } = gate()
      let syncing = false
      blocks.delay = () => {
        syncing = true
        return passed
      }
      const settled: string[] = []
      const write = strict.run('INSERT INTO t VALUES(3)').then(() => settled.push('write'))
      strict.flush()
      const read = strict.value('SELECT max(a) FROM t').then((value) => settled.push(`read ${value}`))
      strict.flush()
      await new Promise((resolve) => setTimeout(resolve, 20))
      expect([syncing, settled]).toEqual([true, []])
      open()
      await Promise.all([write, read])
      expect(settled).toEqual(['write', 'read 3'])
    })

    it('holds a read on a reader connection back as well', async () => {
      const { blocks, client, db } = await started()
      const tx = await db.begin()
      const strict = client({ durability: 'strict' })
      expect(blocks.syncedSequence).toBeLessThan(blocks.sequence)
      expect(await strict.value('SELECT count(*) FROM t')).toBe(1)
      expect(blocks.syncedSequence).toBe(blocks.sequence)
      await db.end(tx)
    })

    it('runs the next group while a sync is in flight, and one sync serves all that came meanwhile', async () => {
      const { blocks, client } = await started()
      const db = client({ durability: 'strict' })
      await db.value('SELECT 1')
      const { syncs } = blocks.counts
      const gates = [gate(), gate(), gate()]
      let next = 0
      blocks.delay = () => gates[next++]!.passed
      const writes: Promise<unknown>[] = []
      for (let i = 0; i < 5; i++) {
        writes.push(db.run('INSERT INTO t VALUES(?)', [50 + i]))
        db.flush()
      }
      await expect.poll(() => blocks.sequence).toBe(6)
      gates[0]!.open()
      await writes[0]
      gates[1]!.open()
      await Promise.all(writes)
      expect(blocks.counts.syncs - syncs).toBe(2)
    })

    it('`sync` waits for the operation in flight and answers once everything is synced', async () => {
      const { blocks, db } = await started()
      await db.run('INSERT INTO t VALUES(2)')
      let inFlight = 0
      blocks.delay = async () => {
        expect(++inFlight).toBe(1)
        await new Promise((resolve) => setTimeout(resolve, 5))
        inFlight--
      }
      const write = db.run('INSERT INTO t VALUES(3)')
      db.flush()
      await db.request({ type: 'maintenance', action: 'sync' }).answer
      expect(blocks.syncedSequence).toBe(blocks.sequence)
      await write
    })

    it('awaits room in the log before a transaction and before its commit', async () => {
      const { blocks, db } = await started()
      const { prepares } = blocks.counts
      blocks.delayRoom = async () => {}
      await db.run('INSERT INTO t VALUES(2)')
      expect(blocks.counts.prepares - prepares).toBe(2)
    })
  })

  describe('a failed sync', () => {
    it('ends writes with an unknown outcome, reads with the error, and every later request with it', async () => {
      const { blocks, client } = await started()
      const db = client({ durability: 'strict' })
      await db.value('SELECT 1')
      blocks.faults.durability = new StorageError('io', 'the disk is gone')
      const write = db.run('INSERT INTO t VALUES(2)')
      const read = db.value('SELECT count(*) FROM t')
      const error = await write.catch((e: unknown) => e)
      expect(error).toBeInstanceOf(LeaderLostError)
      expect(error).toMatchObject({ applied: 'unknown', retryable: false })
      await expect(read).rejects.toMatchObject({ code: 'io' })
      await expect(db.value('SELECT 1')).rejects.toMatchObject({ code: 'io' })
      expect(db.events.at(-1)).toMatchObject({ name: 'terminated' })
    })

    it('that the store took back ends writes as not applied, safe to retry', async () => {
      const { blocks, client } = await started()
      const db = client({ durability: 'strict' })
      await db.value('SELECT 1')
      blocks.faults.durability = new StorageError('io', 'aborted', { retryable: true })
      await expect(db.run('INSERT INTO t VALUES(2)')).rejects.toMatchObject({ applied: 'no', retryable: true })
    })
  })

  describe('a request that was applied before', () => {
    it('is answered with its recorded outcome and not run again', async () => {
      const { client, engine, blocks, db } = await started()
      await db.run('INSERT INTO t VALUES(2)')
      const { seq } = db
      const sequence = blocks.sequence
      db.seq = seq - 1
      expect(await db.run('INSERT INTO t VALUES(2)')).toMatchObject({ changes: 1, lastInsertRowid: 2n })
      expect(blocks.sequence).toBe(sequence)
      const returning = await db.statement('INSERT INTO t VALUES(8) RETURNING a, a+1 AS b', undefined, 'rows')
      db.seq -= 1
      expect(await db.statement('INSERT INTO t VALUES(8) RETURNING a, a+1 AS b', undefined, 'rows')).toEqual(returning)
      await db.batch([['INSERT INTO t VALUES(9)'], ['SELECT 5', [], 'rows']])
      db.seq -= 1
      const again = await db.batch([['INSERT INTO t VALUES(9)'], ['SELECT 5', [], 'rows']])
      expect(again.map(({ changes, rows }) => [changes, rows])).toEqual([
        [1, []],
        [0, [[5]]],
      ])
      expect(engine.clients).toBe(1)
      expect(client().id).not.toBe(db.id)
    })

    // A time-out that passed in the queue, and a cancel, were looked at first: the answer said that nothing was applied.
    it.each(['its time is over', 'it is given up'])('is answered with it also if %s while it waits', async (how) => {
      const { client, db } = await started()
      const other = client()
      await db.run('INSERT INTO t VALUES(2)')
      const transaction = await other.begin()
      const { seq } = db
      const before = db.batch([['INSERT INTO t VALUES(3)']])
      db.seq = seq - 1
      const late = how === 'its time is over'
      const again = db.request({ type: 'batch', items: [] }, late ? 20 : 0)
      await Promise.resolve()
      if (!late) db.cancel(seq)
      expect(await again.answer).toMatchObject({ type: 'result', changes: 1 })
      await other.end(transaction)
      await before
    })

    it('but whose rows were too many to keep is told so', async () => {
      const { db } = await started()
      const sql = 'UPDATE t SET a=hex(zeroblob(40000)) RETURNING a'
      await db.statement(sql, undefined, 'rows')
      db.seq -= 1
      await expect(db.statement(sql, undefined, 'rows')).rejects.toMatchObject({ code: 'leader-lost', applied: 'yes' })
    })
  })

  describe('time', () => {
    it('ends a statement at its deadline, on the writer and on a reader, and the engine goes on', async () => {
      const { db } = await started()
      await expect(db.statement(SLOW, undefined, 'rows', { timeoutMs: 40 })).rejects.toMatchObject({ code: 'timeout' })
      const write = `INSERT INTO t ${MANY}30000000) SELECT i+100 FROM s`
      await expect(db.statement(write, undefined, 'changes', { timeoutMs: 40 })).rejects.toMatchObject({
        code: 'timeout',
      })
      expect(await db.query('SELECT a FROM t')).toEqual([[1]])
    })

    // A batch or script inside a transaction ran without any limit, and a statement outlived its transaction's time.
    it('ends a batch, a script and a statement inside a transaction, at their deadline or the end of its time', async () => {
      const { db } = await started()
      const write = `INSERT INTO t ${MANY}30000000) SELECT i+100 FROM s`
      const batched = await db.begin()
      const limited = db.request(
        { type: 'batch', items: [{ sql: write, parameters: undefined, want: 'changes' }], transaction: batched },
        40,
      )
      await expect(limited.answer).rejects.toMatchObject({ code: 'timeout' })
      await db.end(batched, 'rollback')
      const scripted = await db.begin()
      await expect(db.request({ type: 'script', sql: write, transaction: scripted }, 40).answer).rejects.toMatchObject({
        code: 'timeout',
      })
      await db.end(scripted, 'rollback')
      const short = await db.begin('immediate', 40)
      await expect(db.run(write, [], short)).rejects.toMatchObject({ code: 'timeout' })
      await expect(db.end(short)).rejects.toMatchObject({ code: expect.stringMatching(/timeout|rolled-back/) })
      expect(await db.query('SELECT a FROM t')).toEqual([[1]])
    })

    it('of a request that waits for the writer ends it unapplied', async () => {
      const { client, db } = await started()
      const tx = await db.begin()
      const other = client()
      await expect(other.statement('INSERT INTO t VALUES(2)', [], 'changes', { timeoutMs: 30 })).rejects.toMatchObject({
        code: 'timeout',
        retryable: true,
      })
      await db.end(tx)
      expect(await db.query('SELECT a FROM t')).toEqual([[1]])
    })

    it('a long read on the writer moves to a reader, and a write runs beside it', async () => {
      const { db, client } = await started()
      await db.exec(`CREATE TABLE big(a,b); INSERT INTO big ${MANY}60000) SELECT i, hex(zeroblob(30)) FROM s`)
      const order: string[] = []
      const other = client()
      const long = db.query('SELECT a, b FROM big').then((rows) => order.push(`read ${rows.length}`))
      db.flush()
      const write = other.run('DELETE FROM big').then(() => order.push('write'))
      other.flush()
      await Promise.all([long, write])
      expect(order).toEqual(['write', 'read 60000'])
    })

    it('a request that is given up while it waits is answered as aborted', async () => {
      const { client, db } = await started()
      const tx = await db.begin()
      const other = client()
      const waiting = other.run('INSERT INTO t VALUES(2)')
      other.flush()
      other.cancel(other.seq)
      await expect(waiting).rejects.toMatchObject({ code: 'aborted' })
      await db.end(tx)
    })
  })

  describe('large results', () => {
    it('arrive in chunks, of which at most four are under way without credit', async () => {
      const { db, client } = await started()
      const rows = 300
      await db.exec(`CREATE TABLE big(a); INSERT INTO big ${MANY}${rows}) SELECT zeroblob(40000) FROM s`)
      const slow = client()
      slow.autoCredit = false
      const sent = slow.request({ type: 'statement', sql: 'SELECT a FROM big', parameters: undefined, want: 'rows' })
      const result = slow.result(sent)
      slow.flush()
      await expect.poll(() => sent.waiting.chunks).toBe(4)
      await new Promise((resolve) => setTimeout(resolve, 100))
      expect(sent.waiting.chunks).toBe(4)
      slow.autoCredit = true
      slow.credit(sent.seq, 4)
      const { rows: got, chunks, columns } = await result
      expect([got.length, chunks > 8, columns]).toEqual([rows, true, ['a']])
    })

    it('a stream that is given up frees its reader', async () => {
      const { db } = await started()
      await db.exec(`CREATE TABLE big(a); INSERT INTO big ${MANY}300) SELECT zeroblob(40000) FROM s`)
      db.autoCredit = false
      const sent = db.request({ type: 'statement', sql: 'SELECT a FROM big', parameters: undefined, want: 'rows' })
      db.flush()
      await new Promise((resolve) => setTimeout(resolve, 50))
      db.cancel(sent.seq)
      await expect(sent.answer).rejects.toMatchObject({ code: 'aborted' })
      await db.run('DELETE FROM big')
    })
  })

  describe('storage errors', () => {
    it('a damaged block is reported with its number, never returned, and other blocks stay readable', async () => {
      const { engine, blocks, db } = await started()
      await db.exec(`CREATE TABLE big(a); INSERT INTO big ${MANY}300) SELECT zeroblob(4000) FROM s`)
      await engine.close()
      const { client } = await startEngine({ blocks })
      const again = client()
      blocks.faults.damaged.add(50)
      await expect(again.query('SELECT sum(length(a)) FROM big')).rejects.toMatchObject({
        name: 'StorageError',
        code: 'corrupt',
        block: 50,
      })
      expect(await again.value('SELECT count(*) FROM t')).toBe(1)
    })

    it('a used-up quota is SQLITE_FULL with its cause, and reads go on', async () => {
      const { blocks, db } = await started()
      blocks.faults.reserve = true
      const error = await db.run('INSERT INTO t VALUES(2)').catch((e: unknown) => e)
      expect(error).toMatchObject({ name: 'SqliteError', code: 'SQLITE_FULL', errno: 13 })
      expect((error as Error).cause).toMatchObject({ name: 'StorageError' })
      expect(await db.query('SELECT a FROM t')).toEqual([[1]])
      blocks.faults.reserve = false
      await db.run('INSERT INTO t VALUES(2)')
    })
  })

  describe('a commit that cannot be published', () => {
    it('ends the engine, since SQLite has already let its journal go', async () => {
      const { blocks, db } = await started()
      blocks.faults.publish = new Error('broken')
      await expect(db.run('INSERT INTO t VALUES(2)')).rejects.toBeInstanceOf(Error)
      expect(db.events.at(-1)).toMatchObject({ name: 'terminated' })
      await expect(db.value('SELECT 1')).rejects.toThrow('broken')
    })
  })

  describe('close', () => {
    it('finishes what is queued, syncs and releases every snapshot', async () => {
      const { engine, blocks, db } = await started()
      await db.run('INSERT INTO t VALUES(2)')
      await db.query(`${MANY}100000) SELECT i FROM s`)
      await engine.close()
      expect(blocks.syncedSequence).toBe(blocks.sequence)
      expect(blocks.counts.released).toBe(blocks.counts.pins)
      expect(blocks.writing).toBe(false)
    })
  })
})
