// `datasync/node` as a user has it: threads, files and processes are real.
//  1. the same calls, values and errors as in a page; what is committed is there after close and reopen
//  2. a second opening is refused by name: in this process, and in another one
//  3. a killed process leaves everything acknowledged behind, and its lock is taken over
//  4. a thread that ended is followed by the next one

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type BuiltNodePackage, buildNodePackage, type NodePackage } from '../support/node-package.ts'

let built: BuiltNodePackage
let datasync: NodePackage
const directory = mkdtempSync(join(tmpdir(), 'datasync-node-'))
beforeAll(async () => {
  built = await buildNodePackage()
  datasync = await built.load()
})
afterAll(() => {
  built.remove()
  rmSync(directory, { recursive: true })
})

test('a database in files gives values of every type, transactions, streams, and errors with their classes', async () => {
  const { open, sql, SqliteError, BindError } = datasync
  const db = await open('First one.db', { directory })
  expect(db.info).toMatchObject({
    name: 'First one.db',
    storage: 'node',
    persisted: true,
    created: true,
    role: 'leader',
  })
  await db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a)')
  const values = [null, 1, 2n ** 60n, 1.5, 'text', Uint8Array.of(1, 2, 3)]
  expect(
    await db.runMany(
      'INSERT INTO t (a) VALUES (?)',
      values.map((value) => [value]),
    ),
  ).toEqual({ changes: 6 })
  expect(await db.query('SELECT a FROM t ORDER BY id')).toEqual(values.map((a) => ({ a })))
  await db.transaction((tx) => tx.run`INSERT INTO t (a) VALUES (${'in it'})`)
  expect(await db.query(sql`SELECT a FROM t WHERE id = ${7}`)).toEqual([{ a: 'in it' }])
  const streamed = []
  for await (const { id } of db.stream('SELECT id FROM t')) streamed.push(id)
  expect(streamed).toEqual([1, 2, 3, 4, 5, 6, 7])
  await expect(db.query('SELEC')).rejects.toBeInstanceOf(SqliteError)
  await expect(db.query('SELECT ?', [undefined as never])).rejects.toBeInstanceOf(BindError)
  const file = new Uint8Array(await (await db.export()).arrayBuffer())
  expect(new TextDecoder().decode(file.subarray(0, 15))).toBe('SQLite format 3')
  await db.close()

  const again = await open('First one.db', { directory: pathToFileURL(directory) })
  expect(again.info.created).toBe(false)
  expect(await again.value('SELECT count(*) FROM t')).toBe(7)
  expect((await again.verify()).ok).toBe(true)
  await again.close()
})

test('what is in a directory is listed and deleted', async () => {
  const { open, listDatabases, deleteDatabase } = datasync
  const folder = join(directory, 'listed')
  expect(await listDatabases({ directory: folder })).toEqual([])
  const db = await open('B.db', { directory: folder })
  await (await open('a.db', { directory: folder })).close()
  const list = await listDatabases({ directory: folder })
  expect(list).toEqual([
    { name: 'B.db', storage: 'node', created: expect.any(Date) },
    { name: 'a.db', storage: 'node', created: expect.any(Date) },
  ])
  await expect(deleteDatabase('B.db', { directory: folder })).rejects.toMatchObject({ code: 'busy' })
  expect(await deleteDatabase('a.db', { directory: folder })).toBe(true)
  expect(await deleteDatabase('a.db', { directory: folder })).toBe(false)
  await db.close()
  expect(await deleteDatabase('B.db', { directory: folder })).toBe(true)
  expect(await listDatabases({ directory: folder })).toEqual([])
})

test('memory leaves nothing behind, and what only browsers have is refused', async () => {
  const { open } = datasync
  const db = await open('m.db', { directory, storage: 'memory' })
  await db.exec('CREATE TABLE t (a)')
  expect(db.info.storage).toBe('memory')
  await db.close()
  expect(existsSync(join(directory, 'm.db'))).toBe(false)
  await expect(open('m.db', { directory, storage: 'opfs' })).rejects.toMatchObject({ code: 'unavailable' })
  await expect(open('m.db', { directory: '' })).rejects.toMatchObject({ code: 'invalid-argument' })
  await expect(open('m.db', { directory, color: 'red' } as never)).rejects.toMatchObject({ code: 'unknown-option' })
  await expect(open('m.db', { directory, wasmUrl: '/no/such.wasm' })).rejects.toMatchObject({ code: 'asset-load' })
})

test('a second opening in this process is refused as busy, and succeeds after the first has closed', async () => {
  const { open, StorageError } = datasync
  const db = await open('twice.db', { directory })
  const error = await open('twice.db', { directory }).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(StorageError)
  expect(error).toMatchObject({ code: 'busy', retryable: true, message: expect.stringContaining(String(process.pid)) })
  await db.close()
  await (await open('twice.db', { directory })).close()
})

test('a thread that ends is followed by the next, which has everything acknowledged', async () => {
  const { open } = datasync
  const db = await open('thread.db', { directory })
  await db.exec('CREATE TABLE t (a)')
  await db.run('INSERT INTO t VALUES (1)')
  const followed = new Promise((resolve) => db.on('leader-change', resolve))
  const module = `data:text/javascript,${encodeURIComponent('export default () => process.exit(3)')}`
  await db.function('leave', { module })
  await expect(db.query('SELECT leave()')).rejects.toMatchObject({ code: 'leader-lost' })
  expect(await db.value('SELECT count(*) FROM t')).toBe(1)
  await followed
  await db.run('INSERT INTO t VALUES (2)')
  expect(await db.value('SELECT count(*) FROM t')).toBe(2)
  await db.close()
  expect(existsSync(join(directory, 'thread.db', 'lock'))).toBe(false)
})

test('another process is refused by name; killed, it leaves everything acknowledged behind', async () => {
  const { open } = datasync
  const other = spawn(process.execPath, [built.otherProcess, directory], { stdio: ['ignore', 'pipe', 'inherit'] })
  let acknowledged = 0
  let busy: unknown
  for await (const text of other.stdout) {
    for (const line of String(text).split('\n')) acknowledged = Math.max(acknowledged, Number(line) || 0)
    if (acknowledged > 0) busy ??= await open('shared.db', { directory }).catch((e: unknown) => e)
    if (acknowledged >= 100) other.kill('SIGKILL')
  }
  expect(busy).toMatchObject({ code: 'busy', message: expect.stringContaining(`process ${other.pid} `) })
  const db = await open('shared.db', { directory })
  const rows = Number(await db.value('SELECT count(*) FROM t'))
  expect(rows).toBeGreaterThanOrEqual(acknowledged)
  expect(await db.value('SELECT max(i) FROM t')).toBe(rows)
  await db.close()
})

test('open() of datasync itself says in Node where the one for files is', async () => {
  const { open } = await import('../../src/index.ts')
  await expect(open('app.db')).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining("'datasync/node'"),
  })
})
