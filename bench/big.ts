// Large databases, on demand: the memory of one step after another on a database far larger than the cache, and whether
// opening grows with the database. On the node device and in Chromium on OPFS. Exits with 1 where a bound does not hold.
//   npm run big                        1 GB, memory and opening, in Node and in Chromium
//   npm run big -- --open              opening alone
//   npm run big -- --mb 100 --in chromium --minutes 10
import { parseArgs } from 'node:util'
import { beyondBounds, type Measured, memoryBounds } from '../test/support/big-statements.ts'
import { memoryInChromium } from './big/memory-chromium.ts'
import { memoryInNode } from './big/memory-node.ts'
import { openingInChromium, openingInNode } from './big/opening.ts'

const CACHE_BYTES = 8 << 20
const MIB = 1 << 20

export async function run(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      mb: { type: 'string' },
      megabytes: { type: 'string', default: '1000' },
      minutes: { type: 'string', default: '60' },
      in: { type: 'string', multiple: true, default: ['node', 'chromium'] },
      open: { type: 'boolean', default: false },
      memory: { type: 'boolean', default: false },
    },
  })
  const megabytes = Number(values.mb ?? values.megabytes)
  const untilMs = performance.now() + Number(values.minutes) * 60_000
  const both = values.open === values.memory
  const inNode = values.in.includes('node')
  const inChromium = values.in.includes('chromium')
  if (both || values.memory) {
    const options = { megabytes, cacheBytes: CACHE_BYTES, untilMs, onMeasured: print }
    if (inNode) verdict(await titled(`${megabytes} MB on the node device`, () => memoryInNode(options)))
    if (inChromium) verdict(await titled(`${megabytes} MB in Chromium on OPFS`, () => memoryInChromium(options)))
  }
  if (both || values.open) {
    const sizes = [...new Set([1, Math.min(100, megabytes), megabytes])]
    if (inNode) await openingInNode(sizes, untilMs)
    if (inChromium) await openingInChromium(sizes, untilMs)
  }
}

async function titled(what: string, measure: () => Promise<Measured[]>): Promise<Measured[]> {
  console.log(`\n${what}, cache ${CACHE_BYTES / MIB} MiB; MiB of SQLite's heap and the live JS buffers`)
  console.log(
    `${'step'.padEnd(26)} ${['inside', 'at rest', 'heap', 'seconds'].map((head) => head.padStart(8)).join(' ')}`,
  )
  return measure()
}

function print({ what, peakBytes, restBytes, heapBytes, ms }: Measured): void {
  const figures = [mib(peakBytes), mib(restBytes), mib(heapBytes), (ms / 1000).toFixed(1)]
  console.log(`${what.padEnd(26)} ${figures.map((one) => one.padStart(8)).join(' ')}`)
}

function verdict(measured: readonly Measured[]): void {
  const { peakBytesMax, restBytesMax } = memoryBounds(CACHE_BYTES)
  const beyond = beyondBounds(measured, CACHE_BYTES).map(({ what }) => what)
  const bounds = `bounds: ${mib(peakBytesMax)} inside, ${mib(restBytesMax)} at rest;`
  console.log(`${bounds} ${beyond.length === 0 ? `held by all ${measured.length}` : `BROKEN by ${beyond.join(', ')}`}`)
  if (beyond.length > 0) process.exitCode = 1
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(1)
}
