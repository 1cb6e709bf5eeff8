// The paths on which a transaction can end, each through real SQLite on the VFS: what is published, what is dropped, and
// that reads, a bare PRAGMA and a transaction work afterwards, also while the quota is still used up. The paths:
//   1 commit                       5 INSERT OR ROLLBACK          9 SQLITE_FULL in a statement
//   2 empty commit                 6 failed spilled statement   10 SQLITE_FULL at the reservation
//   3 COMMIT refused by a key      7 savepoint in a spill       11 SQLITE_FULL in VACUUM
//   4 ROLLBACK of a spill          8 VACUUM                    12 an interrupted spill
//  13 a commit that shortens the file by itself (auto_vacuum)   14 the same, without space   15 the same, failing late
import { describe, expect, it } from 'vitest'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { realEnvironment } from '../../src/environment.ts'
import { StorageError } from '../../src/errors/errors.ts'
import type { Blocks } from '../../src/store/block-store-types.ts'
import { SqliteVfs } from '../../src/vfs/vfs.ts'
import { IMPLEMENTATIONS, ObservedBlocks } from '../support/observed-blocks.ts'
import { sqliteWasm } from '../support/sqlite.ts'

const PRAGMAS = 'PRAGMA page_size=4096;PRAGMA journal_mode=PERSIST;PRAGMA temp_store=FILE;PRAGMA synchronous=OFF;'
const GROW = 'UPDATE t SET b=hex(randomblob(300))'

async function startOn(make: () => Promise<Blocks>) {
  const blocks = new ObservedBlocks(await make())
  const sqlite3 = await loadSqlite(await sqliteWasm(), {})
  const vfs = new SqliteVfs(sqlite3, blocks, realEnvironment())
  const connect = () => {
    const { uri, connection } = vfs.newConnection('app.db')
    const db = new sqlite3.oo1.DB({ filename: uri, flags: 'cw' })
    db.exec(PRAGMAS)
    const file = vfs.mainFile(connection)
    /** As the scheduler does: the step that commits is announced. */
    const announced = (sql: string): string => {
      file.announceCommit(() => [])
      try {
        return attempt(sql)
      } finally {
        file.endCommit()
      }
    }
    const attempt = (sql: string): string => {
      try {
        db.exec(sql)
        return 'ok'
      } catch (error) {
        return /SQLITE_[A-Z_]+/.exec(String(error))?.[0] ?? String(error)
      }
    }
    return { db, file, attempt, announced }
  }
  const writer = connect()
  const reader = connect()
  const published = (act: () => string): [string, number] => {
    const before = blocks.sequence
    const answer = act()
    return [answer, blocks.sequence - before]
  }
  writer.announced('CREATE TABLE t(a INTEGER PRIMARY KEY,b)')
  const fill =
    'WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM s WHERE i<1000) INSERT INTO t SELECT i,1 FROM s'
  writer.announced(`BEGIN IMMEDIATE;${fill};COMMIT`)
  writer.db.exec('PRAGMA cache_size=5')
  const count = (on: typeof writer) => Number(on.db.selectValue('SELECT count(*) FROM t'))
  const integrity = (on: typeof writer) => on.db.selectValue('PRAGMA integrity_check')
  return { sqlite3, vfs, blocks, writer, reader, published, count, integrity }
}
type Started = Awaited<ReturnType<typeof startOn>>

/** Nothing of the failed transaction is left, and the connection is as good as new. */
function expectUnharmed({ writer, reader, published, count, integrity, blocks, vfs }: Started, rows: number) {
  expect([count(writer), count(reader)]).toEqual([rows, rows])
  expect([integrity(writer), integrity(reader)]).toEqual(['ok', 'ok'])
  expect(blocks.writing).toBe(false)
  // Space may still be short here, for a bare PRAGMA and for transactions that need none too.
  expect(writer.attempt('PRAGMA user_version')).toBe('ok')
  expect(published(() => writer.announced('BEGIN;SELECT count(*) FROM t;COMMIT'))).toEqual(['ok', 0])
  expect(published(() => writer.announced('BEGIN IMMEDIATE;DELETE FROM t WHERE a<0;COMMIT'))).toEqual(['ok', 0])
  blocks.faults.stagedBlocksMax = 0
  blocks.faults.reserve = false
  expect(published(() => writer.announced('PRAGMA user_version=7'))).toEqual(['ok', 1])
  expect(published(() => writer.announced('BEGIN IMMEDIATE;INSERT INTO t VALUES(NULL,1);COMMIT'))).toEqual(['ok', 1])
  expect([count(writer), count(reader)]).toEqual([rows + 1, rows + 1])
  expect(vfs.failure.fatal).toBeUndefined()
}

describe.each(IMPLEMENTATIONS)('on %s', (_name, make) => {
  const start = () => startOn(make)

  describe('the end of a transaction', () => {
    it('1: a commit publishes exactly one record, which other connections see', async () => {
      const started = await start()
      const { writer, published } = started
      expect(published(() => writer.announced('INSERT INTO t VALUES(5001,1)'))).toEqual(['ok', 1])
      expectUnharmed(started, 1001)
    })

    it('2: an empty commit publishes nothing', async () => {
      const started = await start()
      const { writer, published } = started
      expect(published(() => writer.announced('BEGIN IMMEDIATE;COMMIT'))).toEqual(['ok', 0])
      expectUnharmed(started, 1000)
    })

    it('3: a COMMIT refused by a deferred key publishes nothing and leaves the transaction open', async () => {
      const started = await start()
      const { writer, published } = started
      writer.db.exec('PRAGMA foreign_keys=ON')
      writer.announced('CREATE TABLE p(a INTEGER PRIMARY KEY)')
      writer.announced('CREATE TABLE c(a REFERENCES p(a) DEFERRABLE INITIALLY DEFERRED)')
      writer.attempt('BEGIN IMMEDIATE;INSERT INTO c VALUES(7)')
      expect(published(() => writer.announced('COMMIT'))).toEqual(['SQLITE_CONSTRAINT_FOREIGNKEY', 0])
      expect(writer.attempt('ROLLBACK')).toBe('ok')
      expectUnharmed(started, 1000)
    })

    it('4: ROLLBACK of a transaction that spilled drops what was staged', async () => {
      const started = await start()
      const { writer, published, blocks } = started
      writer.attempt(`BEGIN IMMEDIATE;${GROW}`)
      expect(writer.file.stagedBytes).toBeGreaterThan(100 * blocks.blockSize)
      expect(published(() => writer.attempt('ROLLBACK'))).toEqual(['ok', 0])
      expectUnharmed(started, 1000)
    })

    it('5: INSERT OR ROLLBACK after a spill drops the whole transaction', async () => {
      const started = await start()
      const { writer, published } = started
      writer.attempt(`BEGIN IMMEDIATE;${GROW}`)
      expect(published(() => writer.attempt('INSERT OR ROLLBACK INTO t VALUES(1,1)'))).toEqual([
        'SQLITE_CONSTRAINT_PRIMARYKEY',
        0,
      ])
      expectUnharmed(started, 1000)
    })

    it('6: a statement that spilled and failed publishes nothing', async () => {
      const started = await start()
      const { writer, published } = started
      const sql = 'INSERT INTO t SELECT a+100000,hex(randomblob(300)) FROM t UNION ALL SELECT 1,1'
      expect(published(() => writer.announced(sql))).toEqual(['SQLITE_CONSTRAINT_PRIMARYKEY', 0])
      expectUnharmed(started, 1000)
    })

    it('7: ROLLBACK TO a savepoint after a spill keeps the rest of the transaction', async () => {
      const started = await start()
      const { writer, published } = started
      writer.attempt(`BEGIN IMMEDIATE;SAVEPOINT a;${GROW};ROLLBACK TO a;RELEASE a;INSERT INTO t VALUES(5002,1)`)
      expect(published(() => writer.announced('COMMIT'))).toEqual(['ok', 1])
      expectUnharmed(started, 1001)
    })

    it('8: VACUUM publishes its truncation with its pages', async () => {
      const started = await start()
      const { writer, blocks, count } = started
      writer.announced(GROW)
      writer.announced('DELETE FROM t WHERE a%3=0')
      const [blocksBefore, rows] = [blocks.sizeBlocks, count(writer)]
      expect(writer.announced('VACUUM')).toBe('ok')
      expect(blocks.sizeBlocks).toBeLessThan(blocksBefore)
      expectUnharmed(started, rows)
    })

    it('9: SQLITE_FULL in a statement, bare or in a transaction, leaves reads working while space is short', async () => {
      const started = await start()
      const { writer, published, blocks } = started
      blocks.faults.stagedBlocksMax = 10
      expect(published(() => writer.announced(GROW))).toEqual(['SQLITE_FULL', 0])
      expectUnharmed(started, 1000)
      blocks.faults.stagedBlocksMax = 10
      expect(published(() => writer.attempt(`BEGIN IMMEDIATE;${GROW}`))).toEqual(['SQLITE_FULL', 0])
      writer.attempt('ROLLBACK')
      expectUnharmed(started, 1001)
    })

    it('10: SQLITE_FULL at the reservation refuses the COMMIT and nothing is published', async () => {
      const started = await start()
      const { writer, published, blocks } = started
      blocks.faults.reserve = true
      writer.attempt('BEGIN IMMEDIATE;INSERT INTO t VALUES(NULL,2)')
      expect(published(() => writer.announced('COMMIT'))).toEqual(['SQLITE_FULL', 0])
      writer.attempt('ROLLBACK')
      expectUnharmed(started, 1000)
    })

    // The rollback's own FCNTL_SYNC asked for space again, and that second refusal hid the first as the error's cause.
    it('10: a COMMIT that was refused does not ask for space again while SQLite rolls it back', async () => {
      const started = await start()
      const { writer, published, blocks, vfs } = started
      blocks.faults.reserve = new StorageError('io', 'a write failed')
      writer.attempt('BEGIN IMMEDIATE;INSERT INTO t VALUES(NULL,2)')
      const before = blocks.counts.reserves
      expect(published(() => writer.announced('COMMIT'))).toEqual(['SQLITE_IOERR', 0])
      expect(blocks.counts.reserves - before).toBe(1)
      expect(vfs.failure.take()).toBe(blocks.faults.reserve)
      writer.attempt('ROLLBACK')
      expectUnharmed(started, 1000)
    })

    it('11: SQLITE_FULL in VACUUM leaves the database as it was', async () => {
      const started = await start()
      const { writer, published, blocks } = started
      blocks.faults.stagedBlocksMax = 2
      expect(published(() => writer.announced('VACUUM'))).toEqual(['SQLITE_FULL', 0])
      expectUnharmed(started, 1000)
    })
  })

  describe('the end of a transaction from outside, or that shortens the file', () => {
    it('12: a statement that spilled and is interrupted takes its transaction with it', async () => {
      const started = await start()
      const { sqlite3, writer, published, blocks } = started
      const { capi } = sqlite3
      writer.attempt(`BEGIN IMMEDIATE;${GROW}`)
      const staged = writer.file.stagedBytes
      capi.sqlite3_progress_handler(
        writer.db,
        100,
        () => (writer.file.stagedBytes > staged + 50 * blocks.blockSize ? 1 : 0),
        0,
      )
      expect(published(() => writer.announced(GROW))).toEqual(['SQLITE_INTERRUPT', 0])
      capi.sqlite3_progress_handler(writer.db, 0, () => 0, 0)
      expect(writer.attempt('ROLLBACK')).toBe('SQLITE_ERROR')
      expectUnharmed(started, 1000)
    })

    it('13: a commit that shortens the file by itself publishes the new size with its pages', async () => {
      const started = await start()
      const { writer, published, blocks } = started
      writer.announced('PRAGMA auto_vacuum=1')
      expect(writer.announced('VACUUM')).toBe('ok')
      writer.announced(GROW)
      const before = blocks.sizeBlocks
      expect(published(() => writer.announced('DELETE FROM t WHERE a>10'))).toEqual(['ok', 1])
      expect(blocks.sizeBlocks).toBeLessThan(before / 2)
      expectUnharmed(started, 10)
    })

    it('14: a commit that would shorten the file is refused for want of space and leaves the size as it was', async () => {
      const started = await start()
      const { writer, published, blocks } = started
      writer.announced('PRAGMA auto_vacuum=1')
      writer.announced('VACUUM')
      writer.announced(GROW)
      const before = blocks.sizeBlocks
      blocks.faults.reserve = true
      expect(published(() => writer.announced('DELETE FROM t WHERE a>10'))).toEqual(['SQLITE_FULL', 0])
      expect(blocks.sizeBlocks).toBe(before)
      expectUnharmed(started, 1000)
    })

    // A write that failed when the shortened file was reserved anew, after SQLite's own sync, ended a sound engine.
    it('15: a commit that shortens the file is rolled back where its second reservation fails', async () => {
      const started = await start()
      const { writer, published, blocks, vfs } = started
      writer.announced('PRAGMA auto_vacuum=1')
      writer.announced('VACUUM')
      writer.announced(GROW)
      const before = blocks.sizeBlocks
      const second = blocks.counts.reserves + 2
      Object.defineProperty(blocks.faults, 'reserve', {
        get: () => blocks.counts.reserves === second && new StorageError('io', 'the storage failed'),
        set: () => undefined,
      })
      expect(published(() => writer.announced('DELETE FROM t WHERE a>10'))).toEqual(['SQLITE_IOERR', 0])
      expect(vfs.failure.fatal).toBeUndefined()
      expect(blocks.sizeBlocks).toBe(before)
      expectUnharmed(started, 1000)
      expect(published(() => writer.announced('DELETE FROM t WHERE a>10'))).toEqual(['ok', 1])
    })
  })

  describe('snapshots', () => {
    it('a half-read SELECT of a reader keeps its state while the writer commits', async () => {
      const { writer, reader, count } = await start()
      const statement = reader.db.prepare('SELECT a FROM t')
      let rows = 0
      while (statement.step()) {
        if (++rows === 1) writer.announced('DELETE FROM t WHERE a>500')
      }
      statement.finalize()
      expect(rows).toBe(1000)
      expect(count(reader)).toBe(500)
    })

    it('an open transaction is invisible to a reader and the reader does not block it', async () => {
      const { writer, reader, count } = await start()
      writer.attempt('BEGIN IMMEDIATE;DELETE FROM t')
      expect(count(reader)).toBe(1000)
      expect(reader.attempt('INSERT INTO t VALUES(NULL,1)')).toBe('SQLITE_BUSY')
      expect(writer.announced('COMMIT')).toBe('ok')
      expect(count(reader)).toBe(0)
    })

    it('a connection whose snapshot is old by then cannot write over what came after it', async () => {
      const { writer, reader, count } = await start()
      reader.attempt('BEGIN')
      expect(count(reader)).toBe(1000)
      writer.announced('DELETE FROM t WHERE a=1')
      expect(reader.announced('DELETE FROM t WHERE a=2')).toBe('SQLITE_BUSY')
      expect(count(reader)).toBe(1000)
      reader.attempt('COMMIT')
      expect(reader.announced('DELETE FROM t WHERE a=2')).toBe('ok')
      expect(count(writer)).toBe(998)
    })

    it('every snapshot is released again', async () => {
      const { writer, reader, count, blocks } = await start()
      for (let i = 0; i < 10; i++) {
        writer.announced('INSERT INTO t VALUES(NULL,1)')
        count(reader)
        count(writer)
      }
      expect(blocks.counts.released).toBe(blocks.counts.pins)
    })

    it('two connections in turn write without conflict and without reading the file again for nothing', async () => {
      const { writer, reader, published } = await start()
      expect(published(() => reader.announced('INSERT INTO t VALUES(NULL,1)'))).toEqual(['ok', 1])
      expect(published(() => writer.announced('INSERT INTO t VALUES(NULL,1)'))).toEqual(['ok', 1])
    })
  })

  describe('refusals', () => {
    it('a commit that nobody announced is fatal, since its origins would be missing', async () => {
      const { writer, vfs, blocks } = await start()
      const before = blocks.sequence
      expect(writer.attempt('INSERT INTO t VALUES(NULL,1)')).toBe('SQLITE_IOERR')
      expect(String(vfs.failure.fatal)).toContain('announced')
      expect(blocks.sequence).toBe(before)
    })

    it('a damaged block is kept with its number as the cause of the error', async () => {
      const { writer, reader, vfs, blocks } = await start()
      writer.announced(GROW)
      blocks.faults.damaged.add(20)
      expect(reader.attempt('SELECT sum(length(b)) FROM t')).toMatch(/SQLITE_IOERR/)
      expect(vfs.failure.take()).toMatchObject({ code: 'corrupt', block: 20 })
      expect(vfs.failure.fatal).toBeUndefined()
    })

    it('another file cannot be attached', async () => {
      const { writer } = await start()
      expect(writer.attempt("ATTACH 'file:other.db?vfs=datasync' AS o")).toBe('SQLITE_CANTOPEN')
    })

    it('WAL mode is not entered', async () => {
      const { writer } = await start()
      expect(writer.db.selectValue('PRAGMA journal_mode=WAL')).not.toBe('wal')
    })
  })

  describe('journals and temporary files', () => {
    it('a large update does not grow the wasm heap, and leaves neither memory nor scratch behind', async () => {
      const { sqlite3, writer, blocks, vfs } = await start()
      const many = 'WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM s WHERE i<40000)'
      writer.announced(`INSERT INTO t(b) ${many} SELECT hex(randomblob(300)) FROM s`)
      const heapBytes = sqlite3.wasm.heap8u().length
      writer.announced('UPDATE t SET b=b||1')
      expect(blocks.scratch.peak).toBeGreaterThan(8 << 20)
      expect(blocks.scratch.size).toBe(0)
      expect(vfs.shadowSpace.used).toEqual({ memoryBytes: 0, scratchBytes: 0 })
      expect(sqlite3.wasm.heap8u().length).toBe(heapBytes)
    })

    it('a sort beyond the memory goes through the scratch area and is right', async () => {
      const { writer, vfs } = await start()
      const many = 'WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM s WHERE i<60000)'
      const sorted = `SELECT a FROM (${many} SELECT i AS a, hex(zeroblob(150)) AS c FROM s) ORDER BY (a*7919)%60000, c`
      const wrong = `SELECT count(*) FROM (SELECT a, row_number() OVER () AS n FROM (${sorted})) WHERE (a*7919)%60000<>n%60000`
      expect(writer.db.selectValue(wrong.replace('n%60000', '(n-1)'))).toBe(0)
      expect(vfs.shadowSpace.used.memoryBytes).toBeLessThan(1 << 20)
    })
  })
})
