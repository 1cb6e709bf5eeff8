// SQLite files as other programs have written them, made with plain SQLite and nothing of this package, and what a plain
// SQLite finds in a file.
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { openPlain } from './plain-sqlite.ts'
import { sqliteWasm } from './sqlite.ts'

export interface FileWishes {
  readonly pageSize?: number
  readonly rows?: number
  /** SQL to be run before anything is written. */
  readonly before?: string
  /** SQL to be run at the end. */
  readonly sql?: string
}

/** A file with a table `t` of `rows` rows, an index, a view, a trigger and some of each kind of value. */
export async function sqliteFile({
  pageSize = 4096,
  rows = 1000,
  sql = '',
  before = '',
}: FileWishes = {}): Promise<Uint8Array> {
  const sqlite3 = await loadSqlite(await sqliteWasm(), {})
  const db = new sqlite3.oo1.DB(':memory:')
  try {
    db.exec(`PRAGMA page_size=${pageSize}; ${before} PRAGMA user_version=77;
      CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b);
      CREATE INDEX t_a ON t (a);
      CREATE TABLE log (id);
      CREATE VIEW v AS SELECT count(*) n FROM t;
      CREATE TRIGGER g AFTER DELETE ON t BEGIN INSERT INTO log VALUES (old.id); END;
      CREATE VIRTUAL TABLE f USING fts5 (a);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
        INSERT INTO t SELECT i, 'text ' || i || ' äöü', CASE i % 4 WHEN 0 THEN x'00ff' WHEN 1 THEN 1.5 WHEN 2 THEN NULL ELSE i END FROM n;
      INSERT INTO f SELECT a FROM t WHERE id < 50; ${sql}`)
    return sqlite3.capi.sqlite3_js_db_export(db)
  } finally {
    db.close()
  }
}

/** A copy with some bytes changed. */
export function changed(file: Uint8Array, bytes: Readonly<Record<number, number>>): Uint8Array {
  const copy = new Uint8Array(file)
  for (const [at, byte] of Object.entries(bytes)) copy[Number(at)] = byte
  return copy
}

/** Everything in a file, as text: schema and rows. */
export async function dumpOf(file: Uint8Array): Promise<string> {
  const db = await openPlain(file)
  try {
    if (db.selectValue('PRAGMA integrity_check') !== 'ok') throw new Error('the file is damaged')
    const schema = db.selectArrays('SELECT type, name, sql FROM sqlite_schema ORDER BY name')
    const tables = db.selectValues(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' ORDER BY name",
    )
    const rows = tables.map((name) => db.selectArrays(`SELECT * FROM "${String(name)}"`))
    return JSON.stringify([schema, rows], (_, value: unknown) =>
      typeof value === 'bigint' ? `${value}n` : value instanceof Uint8Array ? [...value] : value,
    )
  } finally {
    db.close()
  }
}
