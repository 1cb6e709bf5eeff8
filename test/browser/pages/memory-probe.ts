// Looks at the memory of the worker from within, also while it is busy: after so many bytes of its files it
// collects garbage (Chromium started with --expose-gc), tells the size of SQLite's heap, and stands still until somebody
// outside has read from V8 what its buffers take. Imported before the worker itself.

/** The first message to the worker, and later one for each look at rest. */
export type LookRequest = { readonly looks: SharedArrayBuffer; readonly bytesPerLook: number; readonly now: boolean }

interface SyncAccessHandle {
  read(buffer: ArrayBufferView, options?: { readonly at?: number }): number
  write(buffer: ArrayBufferView, options?: { readonly at?: number }): number
}

/** Of the array that page and worker share: whether a look is wanted, and the heap's 64 KiB pages. */
export const WANTED = 0
export const HEAP_PAGES = 1

let looks: Int32Array | undefined
let memory: WebAssembly.Memory | undefined
let bytesPerLook = Number.POSITIVE_INFINITY
let bytes = 0

function look(): void {
  bytes = 0
  const { gc } = globalThis as { gc?: () => void }
  if (!looks || !gc) return
  // Twice: buffers found dead are freed behind the first time.
  gc()
  gc()
  Atomics.store(looks, HEAP_PAGES, (memory?.buffer.byteLength ?? 0) >> 16)
  Atomics.store(looks, WANTED, 1)
  Atomics.notify(looks, WANTED)
  // Not Atomics.wait: V8 tells nobody anything while it waits there.
  while (Atomics.load(looks, WANTED) === 1);
}

function called(count: number): void {
  bytes += count
  if (bytes >= bytesPerLook) look()
}

// Only a worker has it; the page imports this file for its names.
const { FileSystemSyncAccessHandle: Handle } = globalThis as { FileSystemSyncAccessHandle?: new () => SyncAccessHandle }
if (Handle) {
  const { prototype } = Handle
  for (const name of ['read', 'write'] as const) {
    const original = prototype[name]
    prototype[name] = function (buffer: ArrayBufferView, options?: { readonly at?: number }) {
      called(buffer.byteLength)
      return original.call(this, buffer, options)
    }
  }
  const { Memory } = WebAssembly
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super(descriptor)
      memory = this
    }
  }
  addEventListener('message', (event: MessageEvent<Partial<LookRequest>>) => {
    if (!(event.data?.looks instanceof SharedArrayBuffer)) return
    event.stopImmediatePropagation()
    looks = new Int32Array(event.data.looks)
    bytesPerLook = event.data.bytesPerLook ?? bytesPerLook
    if (event.data.now) look()
  })
}
