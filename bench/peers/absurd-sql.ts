// absurd-sql as its README shows it: sql.js with IndexedDB as its disk, journal in memory. With a given cache also the page
// size of 8192 that it recommends.
import initSqlJs, { type SqlJsStatement } from '@jlongster/sql.js'
import { SQLiteFS } from 'absurd-sql'
import IndexedDBBackend from 'absurd-sql/dist/indexeddb-backend.js'
import type { Row, Value } from '../adapters/adapter.ts'
import { serve } from './serve.ts'

serve({
  async open({ name, cacheBytes }) {
    const SQL = await initSqlJs({ locateFile: (file) => `/peers/${file}` })
    const files = new SQLiteFS(SQL.FS, new IndexedDBBackend())
    SQL.register_for_idb(files)
    SQL.FS.mkdir('/sql')
    SQL.FS.mount(files, {}, '/sql')
    const db = new SQL.Database(`/sql/${name}`, { filename: true })
    db.exec('PRAGMA journal_mode=MEMORY; PRAGMA busy_timeout=20000')
    if (cacheBytes !== undefined) db.exec(`PRAGMA page_size=8192; PRAGMA cache_size=-${cacheBytes >> 10}`)
    const statements = new Map<string, SqlJsStatement>()
    const prepared = (sql: string, parameters: readonly Value[]): SqlJsStatement => {
      let statement = statements.get(sql)
      if (!statement) statements.set(sql, (statement = db.prepare(sql)))
      statement.bind(parameters)
      return statement
    }
    const forget = () => {
      for (const statement of statements.values()) statement.free()
      statements.clear()
    }
    return {
      exec(script) {
        forget()
        db.exec(script)
      },
      run(sql, parameters) {
        const statement = prepared(sql, parameters)
        statement.step()
        statement.reset()
      },
      runMany(sql, rows) {
        db.exec('BEGIN')
        for (const row of rows) {
          const statement = prepared(sql, row)
          statement.step()
          statement.reset()
        }
        db.exec('COMMIT')
      },
      query(sql, parameters) {
        const statement = prepared(sql, parameters)
        const rows: Row[] = []
        while (statement.step()) rows.push(statement.getAsObject())
        statement.reset()
        return rows
      },
      close() {
        forget()
        db.close()
      },
    }
  },
})
