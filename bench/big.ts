// Large databases, on demand: the memory of one statement after another on a database far larger than the cache, and
// whether opening grows with the database. On the node device and in Chromium on OPFS.
//   npm run big -- --megabytes 1000 --minutes 30
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { openNodeDevice } from '../src/device/node.ts'
import { realEnvironment } from '../src/environment.ts'
import { BlockStore } from '../src/store/block-store.ts'
import { type Measured, measureBigDatabase } from '../test/support/big-database.ts'
import { launch } from '../test/support/browsers/launch.ts'
import { startServer } from '../test/support/browsers/server.ts'
import { call } from '../test/support/browsers/steps.ts'
import type { BigSteps } from './pages/big.ts'

const CACHE_BYTES = 8 << 20
const MIB = 1 << 20
const OPENINGS = 5

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { megabytes: { type: 'string', default: '1000' }, minutes: { type: 'string', default: '30' } },
  })
  const megabytes = Number(values.megabytes)
  const untilMs = performance.now() + Number(values.minutes) * 60_000
  const sizes = [...new Set([1, Math.min(100, megabytes), megabytes])]
  await memoryInNode(megabytes, untilMs)
  await openingInNode(sizes)
  await openingInChromium(sizes, untilMs)
}

async function memoryInNode(megabytes: number, untilMs: number): Promise<void> {
  console.log(`${megabytes} MB on the node device, cache ${CACHE_BYTES / MIB} MiB; MiB of SQLite's heap and JS buffers`)
  console.log(`${'statement'.padEnd(26)} ${'inside'.padStart(8)} ${'at rest'.padStart(8)} ${'seconds'.padStart(8)}`)
  await inDirectory(async (directory) => {
    const device = openNodeDevice(directory, realEnvironment().random)
    await measureBigDatabase({ device, megabytes, cacheBytes: CACHE_BYTES, onMeasured: print, untilMs })
  })
  console.log(`bounds: ${mib(CACHE_BYTES + 32 * MIB)} inside a statement, ${mib(CACHE_BYTES + 24 * MIB)} at rest`)
}

function print({ what, peakBytes, restBytes, ms }: Measured): void {
  const figures = [mib(peakBytes), mib(restBytes), (ms / 1000).toFixed(1)]
  console.log(`${what.padEnd(26)} ${figures.map((one) => one.padStart(8)).join(' ')}`)
}

async function openingInNode(sizes: readonly number[]): Promise<void> {
  const openings: [number, number][] = []
  for (const megabytes of sizes) {
    await inDirectory(async (directory) => {
      const { random } = realEnvironment()
      await fill(await BlockStore.open({ device: openNodeDevice(directory, random) }), megabytes)
      const times: number[] = []
      for (let index = 0; index < OPENINGS; index += 1) {
        const startedMs = performance.now()
        const store = await BlockStore.open({ device: openNodeDevice(directory, random) })
        times.push(performance.now() - startedMs)
        await store.close()
      }
      openings.push([megabytes, median(times)])
    })
  }
  printOpenings('the block store on the node device', openings)
}

async function fill(store: BlockStore, megabytes: number): Promise<void> {
  const block = new Uint8Array(store.blockSize)
  const count = Math.ceil((megabytes * 1e6) / block.length)
  for (let at = 0; at < count; ) {
    const transaction = store.begin()
    for (const end = Math.min(count, at + 2000); at < end; at += 1) {
      block.fill(at)
      transaction.write(at, block)
    }
    await store.prepare()
    transaction.reserve()
    transaction.publish([])
    await store.sync()
  }
  await store.close()
}

async function openingInChromium(sizes: readonly number[], untilMs: number): Promise<void> {
  const server = await startServer({ folder: 'bench/pages', pages: ['big'] })
  const browser = await launch('chromium')
  try {
    const openings: [number, number][] = []
    let largest: string | undefined
    for (const megabytes of sizes) {
      const timeoutMs = untilMs - performance.now()
      if (timeoutMs <= 0) break
      const name = `big-${megabytes}.db`
      await browser.page.goto(server.page('big'))
      await call<BigSteps, 'fill'>(browser.page, 'fill', { name, megabytes }, { timeoutMs })
      const times: number[] = []
      for (let index = 0; index < OPENINGS; index += 1) {
        await browser.page.goto(server.page('big'))
        times.push(await call<BigSteps, 'firstRowMs'>(browser.page, 'firstRowMs', name))
      }
      openings.push([megabytes, median(times)])
      largest = name
    }
    printOpenings('open() to first row in Chromium on OPFS', openings)
    const timeoutMs = untilMs - performance.now()
    if (largest === undefined || timeoutMs <= 0) return
    console.log(`\n${largest} in Chromium on OPFS; MiB of SQLite's heap, which never shrinks`)
    await browser.page.goto(server.page('big'))
    for (const { what, ms, heapBytes } of await call<BigSteps, 'rewrite'>(browser.page, 'rewrite', largest, {
      timeoutMs,
    }))
      console.log(`${what.padEnd(26)} ${mib(heapBytes).padStart(8)} ${(ms / 1000).toFixed(1).padStart(8)} s`)
  } finally {
    await browser.close()
    await server.close()
  }
}

function printOpenings(what: string, openings: readonly (readonly [number, number])[]): void {
  console.log(`\nOpening, ${what}, median of ${OPENINGS}; the ratio to the smallest must not grow with the size`)
  const first = openings[0]?.[1] ?? Number.NaN
  for (const [megabytes, ms] of openings)
    console.log(`${String(megabytes).padStart(6)} MB ${ms.toFixed(1).padStart(8)} ms  x ${(ms / first).toFixed(2)}`)
}

async function inDirectory(work: (directory: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'datasync-big-'))
  try {
    await work(join(directory, 'big'))
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1)
}
