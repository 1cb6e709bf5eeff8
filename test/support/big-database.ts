// A database far larger than the page cache, made and rewritten through engine, store and a device, while the memory of
// all of it is measured: SQLite's heap and the live JS buffers, at the end of each statement and again and again inside it,
// from the device's calls. It stands apart because a test runs it small and `npm run big` large.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Area, Device } from '../../src/device/device.ts'
import { Engine } from '../../src/engine/engine.ts'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { TestClient } from './engine-client.ts'
import { sqliteWasm } from './sqlite.ts'

const ROW_BYTES = 1000
const DEVICE_CALLS_PER_SAMPLE = 8192

/** Of one statement, in bytes: SQLite's heap and the JS buffers beyond those before the database was opened. */
export interface Measured {
  readonly what: string
  readonly ms: number
  /** The largest sum inside the statement. */
  readonly peakBytes: number
  /** The sum after it, with nothing to do. */
  readonly restBytes: number
  readonly heapBytes: number
}

export interface BigOptions {
  readonly device: Device
  readonly megabytes: number
  readonly cacheBytes: number
  /** Told after each statement. */
  readonly onMeasured?: (measured: Measured) => void
  /** No further statement is begun after so long. Default: no limit. */
  readonly untilMs?: number
}

/** Fills an empty database and rewrites it in every way that touches all of it. */
export async function measureBigDatabase(options: BigOptions): Promise<Measured[]> {
  const memory = new MemoryWatch()
  const environment = realEnvironment()
  const device = new WatchedDevice(options.device, () => memory.sample())
  const sqlite3 = await loadSqlite(await sqliteWasm(), {})
  memory.heap = () => sqlite3.wasm.heap8u().byteLength
  const store = await BlockStore.open({ device, environment })
  const engine = new Engine({
    sqlite3,
    blocks: store,
    store,
    environment,
    name: 'big.db',
    cacheBytes: options.cacheBytes,
  })
  const db = new TestClient(engine, '1'.padStart(32, '0'))
  const all: Measured[] = []
  for (const [what, sql] of statements(options.megabytes)) {
    if (options.untilMs !== undefined && performance.now() > options.untilMs) break
    memory.peakBytes = 0
    const startedMs = performance.now()
    await db.request({ type: 'script', sql }, 0).answer
    const ms = performance.now() - startedMs
    memory.sample()
    const { peakBytes } = memory
    await store.idle()
    const measured = { what, ms, peakBytes, restBytes: memory.sample(), heapBytes: memory.heap() }
    all.push(measured)
    options.onMeasured?.(measured)
  }
  const { rows } = await db.statement('PRAGMA integrity_check', undefined, 'rows', { timeoutMs: 0 })
  const integrity = rows.join()
  if (integrity !== 'ok') throw new Error(`integrity_check: ${integrity}`)
  await engine.close()
  await store.close()
  return all
}

function statements(megabytes: number): [string, string][] {
  const rows = Math.round((megabytes * 1e6) / ROW_BYTES)
  const counted = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})`
  return [
    ['create', 'CREATE TABLE big (id INTEGER PRIMARY KEY, key INTEGER, body BLOB)'],
    ['insert all rows', `INSERT INTO big ${counted} SELECT i, random(), randomblob(${ROW_BYTES - 50}) FROM n`],
    ['update every row', 'UPDATE big SET body = randomblob(length(body)), key = random()'],
    ['delete every third row', 'DELETE FROM big WHERE id % 3 = 0'],
    ['create an index', 'CREATE INDEX big_key ON big (key, body)'],
    [
      'read all rows in order',
      'CREATE TABLE summed AS SELECT sum(length(body)) FROM (SELECT * FROM big ORDER BY -key)',
    ],
    ['vacuum', 'VACUUM'],
  ]
}

class MemoryWatch {
  heap: () => number = () => 0
  peakBytes = 0
  readonly #collect: () => void
  readonly #beforeBytes: number

  constructor() {
    setFlagsFromString('--expose-gc')
    this.#collect = runInNewContext('gc')
    this.#collect()
    this.#beforeBytes = process.memoryUsage().arrayBuffers
  }

  /** What is alive now; garbage is collected first, twice, since buffers found dead are freed behind the first time. */
  sample(): number {
    this.#collect()
    this.#collect()
    const bytes = this.heap() + Math.max(0, process.memoryUsage().arrayBuffers - this.#beforeBytes)
    this.peakBytes = Math.max(this.peakBytes, bytes)
    return bytes
  }
}

/** A device that lets the watch look now and then. */
class WatchedDevice implements Device {
  readonly #inner: Device
  readonly #look: () => void
  #calls = 0

  constructor(inner: Device, look: () => void) {
    this.#inner = inner
    this.#look = look
  }

  get kind() {
    return this.#inner.kind
  }
  get afterFailedSync() {
    return this.#inner.afterFailedSync
  }
  size(area: Area): number {
    return this.#inner.size(area)
  }
  read(area: Area, into: Uint8Array, at: number): number {
    this.#called()
    return this.#inner.read(area, into, at)
  }
  write(area: Area, bytes: Uint8Array, at: number): void {
    this.#called()
    this.#inner.write(area, bytes, at)
  }
  reserve(area: Area, size: number): void {
    this.#inner.reserve(area, size)
  }
  truncate(area: Area, size: number): void {
    this.#inner.truncate(area, size)
  }
  barrier(): void {
    this.#inner.barrier()
  }
  flush() {
    return this.#inner.flush()
  }
  sync() {
    return this.#inner.sync()
  }
  close() {
    return this.#inner.close()
  }

  #called(): void {
    this.#calls += 1
    if (this.#calls % DEVICE_CALLS_PER_SAMPLE === 0) this.#look()
  }
}
