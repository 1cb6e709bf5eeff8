// The page that waits for workers while it makes so much garbage that the browser collects what nobody holds.
import { pagePlatform } from '../../../src/client/start-worker.ts'

const ROUND_MS = 50
const ROUNDS_LEFT_MAX = 400

const steps = {
  /** Starts workers for `forMs`, `atOnce` at a time, holding none; tells how many never answered. */
  async waitFor({ forMs, atOnce }: { forMs: number; atOnce: number }): Promise<{ started: number; open: number }> {
    let started = 0
    let open = 0
    const until = performance.now() + forMs
    while (performance.now() < until) {
      for (; open < atOnce; started++, open++) void answerOfOne().then(() => open--)
      await pause(makeGarbage())
    }
    for (let left = ROUNDS_LEFT_MAX; open > 0 && left > 0; left--) await pause(makeGarbage())
    return { started, open }
  },
}

function answerOfOne(): Promise<unknown> {
  const transport = pagePlatform().startWorker('/pages/garbage-worker.js')
  return new Promise((resolve) => {
    transport.onmessage = (data) => {
      transport.terminate()
      resolve(data)
    }
    transport.postMessage({ type: 'storage', action: 'list' }, [])
  })
}

/** Answers how long to pause, so that no engine can leave the work out. */
function makeGarbage(): number {
  const nodes = Array.from({ length: 60_000 }, (_, at) => ({ at, text: `x${at}` }))
  return ROUND_MS + (nodes.length - 60_000)
}

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

export type GarbageSteps = typeof steps
Object.assign(globalThis, { steps })
