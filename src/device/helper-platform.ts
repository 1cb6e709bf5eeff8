// What a device takes from the browser to have a helper: a second thread of the same script, and memory that both see. It
// stands apart so that helpers are made of fakes in tests, and missing where a page is not cross-origin isolated.

import type { ToHelper } from './helper-messages.ts'

/** A helper as the device's thread sees it. */
export interface HelperPort {
  onmessage: ((data: unknown) => void) | undefined
  /** Told once why the helper cannot go on, or could not be started. */
  onfailure: ((why: string) => void) | undefined
  postMessage(message: ToHelper): void
  terminate(): void
}

export interface HelperPlatform {
  start(): HelperPort
  share(bytes: number): SharedArrayBuffer
  /** Blocks this thread until word `index` is no longer `value`, or `timeoutMs` have passed. */
  wait(words: Int32Array<SharedArrayBuffer>, index: number, value: number, timeoutMs: number): 'changed' | 'timed-out'
}

/** Helpers of the worker that calls it; undefined where threads cannot share memory or a worker cannot start workers. */
export function browserHelperPlatform(): HelperPlatform | undefined {
  if (!globalThis.crossOriginIsolated || typeof SharedArrayBuffer === 'undefined') return undefined
  if (typeof Worker === 'undefined') return undefined
  return {
    start: startHelper,
    share: (bytes) => new SharedArrayBuffer(bytes),
    wait: (words, index, value, timeoutMs) =>
      Atomics.wait(words, index, value, timeoutMs) === 'timed-out' ? 'timed-out' : 'changed',
  }
}

/** Held here until they are ended: Firefox collects a worker that waits and that only its own handlers refer to. */
const RUNNING = new Set<Worker>()

/** The script of the worker that calls it, once more: wherever it came from, it is the same release. */
function startHelper(): HelperPort {
  const worker = new Worker(globalThis.location.href, { type: 'module', name: 'datasync-helper' })
  const port: HelperPort = {
    onmessage: undefined,
    onfailure: undefined,
    postMessage: (message) => worker.postMessage(message),
    terminate() {
      worker.onmessage = worker.onerror = worker.onmessageerror = null
      worker.terminate()
      RUNNING.delete(worker)
    },
  }
  RUNNING.add(worker)
  worker.onmessage = ({ data }) => port.onmessage?.(data)
  worker.onerror = (event) => {
    event.preventDefault()
    port.onfailure?.(event.message || 'its script could not be loaded')
  }
  worker.onmessageerror = () => port.onfailure?.('a message from it could not be read')
  return port
}
