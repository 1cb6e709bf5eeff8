// @sqlite.org/sqlite-wasm through its object API, as its documentation shows it: statements prepared once and reset, rows by
// `get({})`. The three forms that are measured differ in how they open and in nothing else.
import type { Database, PreparedStatement, Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import sqlite3InitModule from '@sqlite.org/sqlite-wasm'
import type { Row, Value } from '../adapters/adapter.ts'
import type { PeerConnection } from './peer.ts'

export function loadOfficial(): Promise<Sqlite3Static> {
  return sqlite3InitModule()
}

export function officialConnection(
  sqlite3: Sqlite3Static,
  db: Database,
  pragmas: readonly (string | false)[],
): PeerConnection {
  for (const pragma of pragmas) if (pragma) db.exec(`PRAGMA ${pragma}`)
  const statements = new Map<string, PreparedStatement>()
  const prepared = (sql: string, parameters: readonly Value[]): PreparedStatement => {
    let statement = statements.get(sql)
    if (!statement) statements.set(sql, (statement = db.prepare(sql)))
    return parameters.length > 0 ? statement.bind([...parameters]) : statement
  }
  return {
    exec(script) {
      // A cached statement would hold on to what the script drops.
      for (const statement of statements.values()) statement.finalize()
      statements.clear()
      db.exec(script)
    },
    run(sql, parameters) {
      prepared(sql, parameters).stepReset()
    },
    runMany(sql, rows) {
      db.transaction(() => {
        for (const row of rows) prepared(sql, row).stepReset()
      })
    },
    query(sql, parameters) {
      const statement = prepared(sql, parameters)
      const rows: Row[] = []
      while (statement.step()) rows.push(statement.get({}))
      statement.reset()
      return rows
    },
    heapBytes: () => sqlite3.wasm.heap8u().byteLength,
    close() {
      for (const statement of statements.values()) statement.finalize()
      db.close()
    },
  }
}

/** Kibibytes, as SQLite wants them. */
export const cachePragma = (cacheBytes: number | undefined): string | false =>
  cacheBytes !== undefined && `cache_size=-${cacheBytes >> 10}`
