// The page of the tests of streams, export and housekeeping: each step uses the built package as an application would and
// answers with what it saw.
import { type Database, doctor, open, type StorageChoice, sql } from '../../../src/index.ts'

let database: Database | undefined

function current(): Database {
  if (!database) throw new Error('no database is open in this page')
  return database
}

const steps = {
  doctor: () => doctor(),

  /** A table of `rows` rows of some 300 bytes. */
  async fill({ storage, rows }: { storage: StorageChoice; rows: number }) {
    const db = await open(`api-${storage}.db`, { storage })
    database = db
    await db.exec('CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)')
    await db.run`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
      INSERT INTO ${sql.id('t')} SELECT i, printf('%0300d', i) FROM n`
    return db.value<number>`SELECT count(*) FROM t WHERE id IN ${sql.in([1, 2, rows, -1])}`
  },

  /** Streams all rows while others are written, then a part of them. */
  async stream() {
    const db = current()
    let seen = 0
    let sum = 0
    for await (const { id, a } of db.stream<{ id: number; a: string }>('SELECT id, a FROM t')) {
      if (seen++ === 100) await db.run('INSERT INTO t VALUES (?, ?)', [1_000_000, 'later'])
      sum += id
      if (Number(a) !== id) throw new Error(`row ${id} holds ${a}`)
    }
    for await (const row of db.stream<[number]>('SELECT id FROM t', [], { rowMode: 'array' })) {
      if (row[0] === 3) break
    }
    // What freed the last snapshot was sent before this is answered.
    while ((await db.metrics()).pins !== 0) await db.value('SELECT 1')
    return { seen, sum }
  },

  /** The exported file, while others write, in base64. */
  async export() {
    const db = current()
    let last: readonly number[] = []
    const exporting = db.export({ onProgress: (done, total) => (last = [done, total]) })
    await db.run("UPDATE t SET a = 'changed' WHERE id = 5")
    const bytes = new Uint8Array(await (await exporting).arrayBuffer())
    let text = ''
    for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192))
    return { last, size: bytes.length, base64: btoa(text) }
  },

  /** Imports a file given in base64 three ways, with a try that is aborted, and answers with what is there then. */
  async import({ base64, pageSize }: { base64: string; pageSize: number }) {
    const db = current()
    const file = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    const before = await db.value<number>('SELECT count(*) FROM t')
    const controller = new AbortController()
    const aborted = await db
      .import(new Blob([file]), { signal: controller.signal, onProgress: () => controller.abort() })
      .then(
        () => 'imported',
        (error: { code?: string }) => error.code,
      )
    const kept = (await db.value<number>('SELECT count(*) FROM t')) === before
    const refused = await db.import(file.subarray(0, file.length / 2)).catch((error: { code?: string }) => error.code)
    await db.import(file)
    await db.import(new Blob([file]).stream())
    let last: readonly number[] = []
    await db.import(new Blob([file]), { onProgress: (done, total) => (last = [done, total]) })
    await db.run("INSERT INTO log VALUES ('after the import')")
    const { name, storage, blockSize } = db.info
    await db.close()
    const again = await open(name, { storage })
    database = again
    const kind = { blockSize, again: again.info.blockSize, pageSize }
    const facts = { aborted, kept, refused, progress: last, ok: (await again.verify()).ok }
    const log = await again.value<string>('SELECT id FROM log')
    await again.run('DELETE FROM log')
    return { ...facts, kind, log }
  },

  /** Makes SQLite's memory grow, waits until the idle engine has given it back, and reads and writes. */
  async memory() {
    const db = current()
    const megabytes = async () => Math.ceil(((await db.metrics()).wasmHeapBytes ?? 0) / 2 ** 20)
    await db.value('SELECT length(hex(zeroblob(30000000)))')
    const grown = await megabytes()
    while ((await db.metrics()).heapsReplaced !== 1) await new Promise((resolve) => setTimeout(resolve, 300))
    const rows = await db.value<number>('SELECT count(*) FROM t')
    await db.run('UPDATE t SET a = a WHERE id = 1')
    return { grown, left: await megabytes(), rows }
  },

  async housekeeping() {
    const db = current()
    await db.run('DELETE FROM t WHERE id > 100')
    await db.run('VACUUM')
    await db.checkpoint()
    await db.compact()
    const progress: number[] = []
    const report = await db.verify({ onProgress: (done) => progress.push(done) })
    const { foldedSequence, sequence, liveBytes } = await db.metrics()
    const pages = await db.value<number>('PRAGMA page_count')
    await db.close()
    return { report, progressed: progress.at(-1), folded: foldedSequence === sequence, liveBytes, pages }
  },
}

export type ApiSteps = typeof steps
Object.assign(globalThis, { steps })
