// A page whose worker is the application: it hands each step on to the worker, which opens the database.

const worker = new Worker('/pages/in-worker-application.js', { type: 'module' })

export const steps = {
  /** Writes one row in the worker's own database and tells all that are there. */
  write: (text: string) =>
    new Promise<string[]>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<{ texts?: string[]; error?: string }>) =>
        data.texts ? resolve(data.texts) : reject(new Error(data.error))
      worker.postMessage(text)
    }),
}

export type InWorkerSteps = typeof steps
Object.assign(globalThis, { steps })
