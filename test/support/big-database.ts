// A database far larger than the page cache, made and rewritten through engine, store and a device, while the memory of
// all of it is measured: SQLite's heap and the live JS buffers, at the end of each statement and again and again inside it,
// from the device's calls. It stands apart because a test runs it small and `npm run big` large.
import { createReadStream } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Device } from '../../src/device/device.ts'
import { Engine } from '../../src/engine/engine.ts'
import { loadSqlite } from '../../src/engine/sqlite-module.ts'
import { realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { bigStatements, bytesPerLookAt, CHECK, EXPORT, IMPORT, type Measured } from './big-statements.ts'
import { TestClient } from './engine-client.ts'
import { sqliteWasm } from './sqlite.ts'

const PIECE_BYTES = 1 << 20

export interface BigOptions {
  readonly device: Device
  readonly megabytes: number
  readonly cacheBytes: number
  /** Told after each statement. */
  readonly onMeasured?: (measured: Measured) => void
  /** Where the file goes that is exported and imported. Its directory must exist. */
  readonly file: string
  /** No further statement is begun after so long. Default: no limit. */
  readonly untilMs?: number
}

/** Fills an empty database and rewrites it in every way that touches all of it. */
export async function measureBigDatabase(options: BigOptions): Promise<Measured[]> {
  const memory = new MemoryWatch()
  const environment = realEnvironment()
  const { device } = options
  watch(device, bytesPerLookAt(options.megabytes), () => memory.sample())
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
    rowBytesMax: 1 << 20,
  })
  const db = new TestClient(engine, '1'.padStart(32, '0'))
  const steps: [string, () => Promise<unknown>][] = bigStatements(options.megabytes).map(({ what, sql }) => [
    what,
    () => db.request({ type: 'script', sql }, 0).answer,
  ])
  steps.push([EXPORT, () => exportTo(options.file, store)])
  steps.push([IMPORT, () => importFrom(options.file, db)])
  steps.push([CHECK, () => check(db)])
  const all: Measured[] = []
  for (const [what, work] of steps) {
    if (options.untilMs !== undefined && performance.now() > options.untilMs) break
    memory.peakBytes = 0
    const startedMs = performance.now()
    await work()
    const ms = performance.now() - startedMs
    memory.sample()
    const { peakBytes } = memory
    await store.idle()
    const measured = { what, ms, peakBytes, restBytes: memory.sample(), heapBytes: memory.heap() }
    all.push(measured)
    options.onMeasured?.(measured)
  }
  await engine.close()
  await store.close()
  return all
}

async function check(db: TestClient): Promise<void> {
  const { rows } = await db.statement('PRAGMA integrity_check', undefined, 'rows', { timeoutMs: 0 })
  const integrity = rows.join()
  if (integrity !== 'ok') throw new Error(`integrity_check: ${integrity}`)
}

/** A store's blocks in order are a SQLite file. */
async function exportTo(path: string, store: BlockStore): Promise<void> {
  const file = await open(path, 'w')
  const snapshot = store.pin({ untimed: true })
  try {
    const piece = new Uint8Array(PIECE_BYTES)
    let filled = 0
    for (let block = 0; block < snapshot.sizeBlocks; block += 1) {
      snapshot.read(block, piece.subarray(filled, filled + store.blockSize))
      filled += store.blockSize
      if (filled < PIECE_BYTES && block + 1 < snapshot.sizeBlocks) continue
      await file.write(piece, 0, filled)
      filled = 0
    }
  } finally {
    snapshot.release()
    await file.close()
  }
}

async function importFrom(path: string, db: TestClient): Promise<void> {
  const { size } = await stat(path)
  await db.import(size, createReadStream(path, { highWaterMark: PIECE_BYTES }))
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

/** Has a device let the watch look now and then. */
function watch(device: Device, bytesPerLook: number, look: () => void): void {
  let bytes = 0
  const called = (count: number) => {
    bytes += count
    if (bytes < bytesPerLook) return
    bytes = 0
    look()
  }
  const read = device.read.bind(device)
  device.read = (area, into, at) => {
    called(into.length)
    return read(area, into, at)
  }
  const write = device.write.bind(device)
  device.write = (area, from, at) => {
    called(from.length)
    write(area, from, at)
  }
}
