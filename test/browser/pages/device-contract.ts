// The page that runs cases of the device contract, each in a worker of its own, so that a case that fails or hangs
// leaves nothing open for the next.
import type { browserStorages } from '../../contract/device-factories.ts'

export interface DeviceRun {
  readonly storage: keyof typeof browserStorages
  readonly title: string
}

interface Outcome {
  readonly ok: boolean
  readonly name: string
  readonly message: string
  readonly stack?: string
}

/** Firefox collects a worker that waits for OPFS and that only its own handlers refer to. */
const running = new Set<Worker>()

const steps = {
  async runCase(run: DeviceRun): Promise<void> {
    const worker = new Worker('/pages/device-worker.js', { type: 'module' })
    running.add(worker)
    try {
      const outcome = await new Promise<Outcome>((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data)
        worker.onerror = ({ message }) => reject(new Error(`the worker failed: ${message}`))
        worker.postMessage(run)
      })
      if (!outcome.ok) throw Object.assign(new Error(outcome.message), { name: outcome.name, stack: outcome.stack })
    } finally {
      worker.terminate()
      running.delete(worker)
    }
  },
}

export type DeviceSteps = typeof steps
Object.assign(globalThis, { steps })
