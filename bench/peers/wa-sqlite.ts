// wa-sqlite (the maintained package) through its own API: statements kept with `unscoped`, rows as arrays that become
// objects here. The forms that are measured differ in the file system that they are given.
import * as SQLite from '@journeyapps/wa-sqlite'
import type { OpenWish, Row, Value } from '../adapters/adapter.ts'
import type { PeerConnection } from './peer.ts'

export interface Form {
  readonly load: () => Promise<unknown>
  readonly vfs: (name: string, module: unknown) => Promise<SQLiteVFS>
  readonly pragmas: readonly string[]
}

export async function waConnection(wish: OpenWish, { load, vfs, pragmas }: Form): Promise<PeerConnection> {
  const { name, durability, cacheBytes } = wish
  const module = await load()
  const sqlite3 = SQLite.Factory(module)
  sqlite3.vfs_register(await vfs(`wa-${name}`, module), true)
  const db = await sqlite3.open_v2(name)
  const all = [...pragmas, `synchronous=${durability === 'strict' ? 'FULL' : 'NORMAL'}`]
  if (cacheBytes !== undefined) all.push(`cache_size=-${cacheBytes >> 10}`)
  for (const pragma of all) await sqlite3.exec(db, `PRAGMA ${pragma}`)
  return connection(sqlite3, db)
}

function connection(sqlite3: SQLiteAPI, db: number): PeerConnection {
  const kept = new Map<string, { readonly statement: number; readonly columns: readonly string[] }>()
  const prepared = async (sql: string, parameters: readonly Value[]) => {
    let found = kept.get(sql)
    if (!found) {
      for await (const statement of sqlite3.statements(db, sql, { unscoped: true }))
        found = { statement, columns: sqlite3.column_names(statement) }
      if (!found) throw new Error(`no statement: ${sql}`)
      kept.set(sql, found)
    }
    if (parameters.length > 0) sqlite3.bind_collection(found.statement, [...parameters])
    return found
  }
  const forget = async () => {
    for (const { statement } of kept.values()) await sqlite3.finalize(statement)
    kept.clear()
  }
  const run = async (sql: string, parameters: readonly Value[]) => {
    const { statement } = await prepared(sql, parameters)
    await sqlite3.step(statement)
    await sqlite3.reset(statement)
  }
  return {
    async exec(script) {
      await forget()
      await sqlite3.exec(db, script)
    },
    run,
    async runMany(sql, rows) {
      await sqlite3.exec(db, 'BEGIN')
      for (const row of rows) await run(sql, row)
      await sqlite3.exec(db, 'COMMIT')
    },
    async query(sql, parameters) {
      const { statement, columns } = await prepared(sql, parameters)
      const rows: Row[] = []
      while ((await sqlite3.step(statement)) === SQLite.SQLITE_ROW) {
        const values = sqlite3.row(statement)
        const row: Record<string, unknown> = {}
        for (let index = 0; index < columns.length; index += 1) row[columns[index] ?? ''] = values[index]
        rows.push(row)
      }
      await sqlite3.reset(statement)
      return rows
    },
    async close() {
      await forget()
      await sqlite3.close(db)
    },
  }
}
