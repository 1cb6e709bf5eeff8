// A native SQLite on a real file, through the interface of `node:sqlite`, which Node 20 does not have yet: the package is
// the same code with binaries of its own.
import { rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync, type StatementSyncInstance } from '@photostructure/sqlite'
import type { Adapter, Connection, Row, Value } from '../adapters/adapter.ts'
import { NATIVE } from '../adapters/native.ts'
import { TASKS } from '../workloads/tasks.ts'

const fileOf = (name: string) => join(tmpdir(), name)

export const native: Adapter = {
  ...NATIVE,
  async open({ name, durability, cacheBytes }) {
    const db = new DatabaseSync(fileOf(name))
    db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=${durability === 'strict' ? 'FULL' : 'NORMAL'}`)
    if (cacheBytes !== undefined) db.exec(`PRAGMA cache_size=-${cacheBytes >> 10}`)
    return connection(db)
  },
  async remove(name) {
    for (const suffix of ['', '-wal', '-shm']) rmSync(fileOf(name) + suffix, { force: true })
  },
}

function connection(db: InstanceType<typeof DatabaseSync>): Connection {
  const statements = new Map<string, StatementSyncInstance>()
  const prepared = (sql: string) => {
    let statement = statements.get(sql)
    if (!statement) statements.set(sql, (statement = db.prepare(sql)))
    return statement
  }
  const query = (sql: string, parameters: readonly Value[] = []) => prepared(sql).all(...parameters) as Row[]
  const runMany = (sql: string, rows: Iterable<readonly Value[]>) => {
    db.exec('BEGIN')
    const statement = prepared(sql)
    for (const row of rows) statement.run(...row)
    db.exec('COMMIT')
  }
  return {
    async exec(script) {
      statements.clear()
      db.exec(script)
    },
    run: async (sql, parameters) => void prepared(sql).run(...parameters),
    runMany: async (sql, rows) => runMany(sql, rows),
    query: async (sql, parameters) => query(sql, parameters),
    queryAll: async (sql, parameters) => parameters.map((one) => query(sql, one)),
    async *stream(sql) {
      for (const row of prepared(sql).iterate()) yield row as Row
    },
    task: (task, count) => TASKS[task]({ runMany, query }, count),
    wasmHeapBytes: async () => undefined,
    async close() {
      statements.clear()
      db.close()
    },
  }
}
