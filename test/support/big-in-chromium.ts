// The same database far larger than the page cache as in Node, in Chromium on OPFS: the page works, the probe in its worker
// asks for looks, and V8 is asked from here what the worker's buffers take at that moment.
import type { BigSteps } from '../browser/pages/big.ts'
import { BIG_STEPS, bigStatements, CHECK, EXPORT, IMPORT, type Measured, OPEN, REST } from './big-statements.ts'
import type { ChromiumPage } from './browsers/chromium.ts'
import type { ChromiumWorker } from './browsers/chromium-worker.ts'
import { CROSS_ORIGIN_ISOLATED, type ServerOptions } from './browsers/server.ts'
import type { LaunchOptions } from './browsers/session.ts'
import { call } from './browsers/steps.ts'

export const BIG_SERVER: ServerOptions = { pages: ['big', 'memory-probe'], headers: CROSS_ORIGIN_ISOLATED }
export const BIG_LAUNCH: LaunchOptions = { switches: ['--js-flags=--expose-gc'] }

export interface BigInChromiumOptions {
  readonly page: ChromiumPage
  /** Of `big.html`. */
  readonly address: string
  readonly megabytes: number
  readonly cacheBytes: number
  /** Told after each step. */
  readonly onMeasured?: (measured: Measured) => void
  /** No further step is begun after so long. Default: no limit. */
  readonly untilMs?: number
  /** No single look or end of a step takes longer. */
  readonly stepMs: number
}

/** Fills an empty database and rewrites it in every way that touches all of it. */
export async function measureBigInChromium(options: BigInChromiumOptions): Promise<Measured[]> {
  const { page, megabytes, cacheBytes, untilMs, stepMs } = options
  const worker = await page.watchWorker()
  await page.goto(options.address)
  const look = new Look(page, worker, stepMs)
  const begin = (what: string) => call<BigSteps, 'begin'>(page, 'begin', { what, megabytes, cacheBytes })
  await begin(OPEN)
  await look.untilEnd()
  const all: Measured[] = []
  for (const what of [...bigStatements(megabytes).map((one) => one.what), EXPORT, IMPORT, CHECK]) {
    if (untilMs !== undefined && performance.now() > untilMs) return all
    await begin(what)
    const { ms, peakBytes } = await look.untilEnd()
    // A step of its own: the worker asks for looks meanwhile, too.
    await begin(REST)
    const folding = await look.untilEnd()
    await call<BigSteps, 'lookNow'>(page, 'lookNow', null)
    const { bytes: restBytes, heapBytes } = await look.once()
    const measured = { what, ms, peakBytes: Math.max(peakBytes, folding.peakBytes, restBytes), restBytes, heapBytes }
    all.push(measured)
    options.onMeasured?.(measured)
  }
  await call<BigSteps, 'close'>(page, 'close', null)
  if (all.length !== BIG_STEPS) throw new Error('a step is missing')
  return all
}

class Look {
  readonly #page: ChromiumPage
  readonly #worker: ChromiumWorker
  readonly #stepMs: number

  constructor(page: ChromiumPage, worker: ChromiumWorker, stepMs: number) {
    this.#page = page
    this.#worker = worker
    this.#stepMs = stepMs
  }

  /** Looks whenever the worker asks for it. Throws the step's own error. */
  async untilEnd(): Promise<{ readonly ms: number; readonly peakBytes: number }> {
    let peakBytes = 0
    for (;;) {
      const next = await this.#next()
      if (next.type === 'end') return { ms: next.ms, peakBytes }
      peakBytes = Math.max(peakBytes, await this.#take(next.heapBytes))
    }
  }

  async once(): Promise<{ readonly bytes: number; readonly heapBytes: number }> {
    const next = await this.#next()
    if (next.type === 'end') throw new Error('nothing was under way, and ended')
    return { bytes: await this.#take(next.heapBytes), heapBytes: next.heapBytes }
  }

  #next() {
    return call<BigSteps, 'next'>(this.#page, 'next', null, { timeoutMs: this.#stepMs })
  }

  async #take(heapBytes: number): Promise<number> {
    const { bufferBytes } = await this.#worker.heap()
    await call<BigSteps, 'looked'>(this.#page, 'looked', null)
    return heapBytes + bufferBytes
  }
}
