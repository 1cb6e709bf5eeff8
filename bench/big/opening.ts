// Whether opening grows with the database: the block store alone on the node device, and in Chromium on OPFS from open() to
// the first row. Sizes are opened in turn, so that what else the machine does meets them all alike.
import { join } from 'node:path'
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import type { BigSteps } from '../../test/browser/pages/big.ts'
import { launch } from '../../test/support/browsers/launch.ts'
import { startServer } from '../../test/support/browsers/server.ts'
import { call } from '../../test/support/browsers/steps.ts'
import { median } from '../rows/measured.ts'
import { inDirectory } from './in-directory.ts'

const OPENINGS = 15
const FILL_BLOCKS = 2000

export async function openingInNode(sizes: readonly number[], untilMs: number): Promise<void> {
  await inDirectory(async (directory) => {
    const { random } = realEnvironment()
    const deviceOf = (megabytes: number) => openNodeDevice(join(directory, `${megabytes}`), random)
    const filled: number[] = []
    for (const megabytes of sizes) {
      if (performance.now() > untilMs) break
      await fill(await BlockStore.open({ device: deviceOf(megabytes) }), megabytes)
      filled.push(megabytes)
    }
    await inTurn('the block store on the node device', filled, async (megabytes) => {
      const startedMs = performance.now()
      const store = await BlockStore.open({ device: deviceOf(megabytes) })
      const ms = performance.now() - startedMs
      await store.close()
      return ms
    })
  })
}

async function fill(store: BlockStore, megabytes: number): Promise<void> {
  const block = new Uint8Array(store.blockSize)
  const count = Math.ceil((megabytes * 1e6) / block.length)
  for (let at = 0; at < count; ) {
    const transaction = store.begin()
    for (const end = Math.min(count, at + FILL_BLOCKS); at < end; at += 1) {
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

export async function openingInChromium(sizes: readonly number[], untilMs: number): Promise<void> {
  const server = await startServer({ pages: ['big'], cached: true })
  const browser = await launch('chromium')
  const { page } = browser
  const nameOf = (megabytes: number) => `opening-${megabytes}.db`
  try {
    const filled: number[] = []
    for (const megabytes of sizes) {
      const timeoutMs = untilMs - performance.now()
      if (timeoutMs <= 0) break
      await page.goto(server.page('big'))
      await call<BigSteps, 'fill'>(page, 'fill', { name: nameOf(megabytes), megabytes }, { timeoutMs })
      filled.push(megabytes)
    }
    await inTurn('open() to the first row in Chromium on OPFS', filled, async (megabytes) => {
      await page.goto(server.page('big'))
      return call<BigSteps, 'firstRow'>(page, 'firstRow', nameOf(megabytes))
    })
  } finally {
    await browser.close()
    await server.close()
  }
}

async function inTurn(what: string, sizes: readonly number[], openMs: (megabytes: number) => Promise<number>) {
  const times = new Map<number, number[]>(sizes.map((size) => [size, []]))
  for (let round = 0; round <= OPENINGS; round += 1) {
    for (const [size, all] of times) {
      const ms = await openMs(size)
      // The first one warms up what all have in common.
      if (round > 0) all.push(ms)
    }
  }
  console.log(`\nOpening, ${what}, ${OPENINGS} times each, in turn`)
  const first = median(times.get(sizes[0] ?? 0) ?? [])
  for (const [size, all] of times) {
    const figures = [median(all), Math.min(...all), Math.max(...all)].map((ms) => ms.toFixed(1).padStart(8)).join(' ')
    console.log(
      `${String(size).padStart(6)} MB, median, min, max: ${figures} ms  x ${(median(all) / first).toFixed(2)}`,
    )
  }
}
