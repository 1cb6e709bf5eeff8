// PRAGMAs of a client among other statements, against plain SQLite: whatever is called one by one, as a script or as a
// batch leaves the same rows and the same settings there and here. Went wrong: a script had the settings from before it in
// force from its beginning to its end, so that `PRAGMA foreign_keys=OFF; BEGIN; ...; COMMIT; PRAGMA foreign_keys=ON` deleted
// rows by CASCADE; of several values an atomic script had the last; in a transaction or a batch, where SQLite ignores it,
// foreign_keys was changed for everything after it; behind a temporary table a script went on with the defaults; and the very
// words `PRAGMA foreign_keys=1` did nothing, since the engine had kept its own statement of that text.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { startEngine } from '../support/engine-client.ts'
import { sqliteWasm } from '../support/sqlite.ts'

const BASE = `CREATE TABLE p(id INTEGER PRIMARY KEY); CREATE TABLE c(p REFERENCES p ON DELETE CASCADE);
  CREATE TABLE log(x); CREATE TRIGGER gone AFTER DELETE ON p BEGIN INSERT INTO log VALUES(old.id); END;
  INSERT INTO p VALUES(1),(2),(3),(4),(5); INSERT INTO c VALUES(1),(2),(3),(4),(5)`
const SEEN = [
  'SELECT * FROM p',
  'SELECT * FROM c',
  'SELECT * FROM log',
  'PRAGMA foreign_keys',
  'PRAGMA recursive_triggers',
]
const MIGRATION = [
  'BEGIN',
  'CREATE TABLE new_p(id INTEGER PRIMARY KEY, t)',
  'INSERT INTO new_p(id) SELECT id FROM p',
  'DROP TABLE p',
  'ALTER TABLE new_p RENAME TO p',
  'COMMIT',
]

async function engine() {
  const db = (await startEngine()).client()
  await db.exec(BASE)
  return db
}

async function seenHere(db: Awaited<ReturnType<typeof engine>>) {
  const seen: unknown[] = []
  for (const sql of SEEN) seen.push(await db.query(sql))
  return seen
}

async function seenInSqlite(statements: readonly string[]) {
  const sqlite3 = await loadSqlite(await sqliteWasm(), {})
  const db = new sqlite3.oo1.DB(':memory:')
  try {
    db.exec(`PRAGMA foreign_keys=ON; ${BASE}`)
    if (statements.length > 0) db.exec(statements.join(';\n'))
    return SEEN.map((sql) => db.selectArrays(sql))
  } finally {
    db.close()
  }
}

const setting = fc.constantFrom(
  'PRAGMA foreign_keys=OFF',
  'PRAGMA foreign_keys=ON',
  'pragma main . "foreign_keys" = \'on\'',
  'PRAGMA /* they */ foreign_keys(0)',
  'PRAGMA recursive_triggers=1',
  'PRAGMA recursive_triggers=0',
)
const id = fc.integer({ min: 1, max: 5 })
const write = fc.oneof(
  id.map((id) => `DELETE FROM p WHERE id=${id}`),
  // Replacing a row runs its triggers only where recursive_triggers is set.
  id.map((id) => `REPLACE INTO p VALUES(${id})`),
)
const statement = fc.oneof(setting, write)
const atomic = fc.array(statement, { maxLength: 6 })
const transaction = atomic.map((inside) => ['BEGIN', ...inside, 'COMMIT'])
const temporary = atomic.map((inside) => [
  'BEGIN',
  'CREATE TEMP TABLE temporary(a)',
  ...inside,
  'DROP TABLE temporary',
  'COMMIT',
])
const savepoint = atomic.map((inside) => ['SAVEPOINT s', ...inside, 'RELEASE s'])
const rolledBack = atomic.map((inside) => ['BEGIN', ...inside, 'ROLLBACK'])
const script = fc
  .array(fc.oneof(atomic, transaction, temporary, savepoint, rolledBack), { minLength: 1, maxLength: 4 })
  .map((parts) => parts.flat())

it.each([
  [
    'as one script',
    script,
    async (db: Awaited<ReturnType<typeof engine>>, all: readonly string[]) => db.exec(all.join(';\n')),
  ],
  [
    'call by call',
    script,
    async (db: Awaited<ReturnType<typeof engine>>, all: readonly string[]) => {
      for (const sql of all) await db.run(sql)
    },
  ],
])('random PRAGMAs and writes %s leave what SQLite leaves', async (_, scripts, run) => {
  await fc.assert(
    fc.asyncProperty(scripts, async (all) => {
      const db = await engine()
      await run(db, all)
      expect(await seenHere(db)).toEqual(await seenInSqlite(all))
    }),
    { numRuns: 40 },
  )
})

it('random PRAGMAs and writes in a batch and in a transaction leave what SQLite leaves', async () => {
  await fc.assert(
    fc.asyncProperty(atomic, fc.constantFrom('batch', 'immediate', 'deferred', 'script inside'), async (all, way) => {
      const db = await engine()
      if (way === 'batch') await db.batch(all.map((sql) => [sql]))
      else {
        const transaction = await db.begin(way === 'deferred' ? 'deferred' : 'immediate')
        if (way === 'script inside') await db.exec(all.join(';'), transaction)
        else for (const sql of all) await db.run(sql, undefined, transaction)
        await db.end(transaction)
      }
      expect(await seenHere(db)).toEqual(await seenInSqlite(['BEGIN', ...all, 'COMMIT']))
    }),
    { numRuns: 40 },
  )
})

it('a table is rebuilt with foreign keys off, by a script with a transaction and by one without', async () => {
  const inner = MIGRATION.slice(1, -1)
  for (const statements of [MIGRATION, inner]) {
    const all = ['PRAGMA foreign_keys=OFF', ...statements, 'PRAGMA foreign_key_check', 'PRAGMA foreign_keys=ON']
    const db = await engine()
    await db.exec(all.join(';\n'))
    expect(await db.query('SELECT * FROM c')).toHaveLength(5)
    expect(await db.value('PRAGMA foreign_keys')).toBe(1)
    expect(await seenHere(db)).toEqual(await seenInSqlite(all))
  }
})

it('a script stays atomic while foreign_keys changes only before its first and behind its last write', async () => {
  const { client, blocks } = await startEngine()
  const db = client()
  await db.exec(BASE)
  const before = blocks.sequence
  await db.exec(
    'PRAGMA foreign_keys=0; DELETE FROM p WHERE id=1; DELETE FROM p WHERE id=2; PRAGMA foreign_keys=1; SELECT 1',
  )
  expect(blocks.sequence).toBe(before + 1)
  const failing = 'PRAGMA foreign_keys=0; DELETE FROM p; INSERT INTO nowhere VALUES(1); PRAGMA foreign_keys=1'
  await expect(db.exec(failing)).rejects.toMatchObject({ code: 'SQLITE_ERROR' })
  expect(await db.value('SELECT count(*) FROM p')).toBe(3)
  expect(await db.value('PRAGMA foreign_keys')).toBe(0)
})

it('a script keeps the settings of its client and its counts behind a temporary table', async () => {
  const { client } = await startEngine()
  const db = client({ foreignKeys: false })
  await db.exec(BASE)
  await db.exec('BEGIN; CREATE TEMP TABLE x(a); COMMIT; DELETE FROM p WHERE id < 3; INSERT INTO log VALUES(9)')
  expect(await db.query('SELECT * FROM c')).toHaveLength(5)
  expect(await db.query('SELECT changes(), last_insert_rowid()')).toEqual([[1, 3]])
})
