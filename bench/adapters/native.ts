// What is known of the native SQLite without loading it: it runs in Node, with a real file, in the thread that asks. It is
// the outer limit and no peer.
import type { Adapter } from './adapter.ts'

const outside = async (): Promise<never> => {
  throw new Error('The native SQLite runs in Node.')
}

export const NATIVE: Adapter = {
  name: 'native SQLite in Node',
  native: true,
  durability: (storage, level) =>
    storage === 'file' ? `WAL, synchronous=${level === 'strict' ? 'FULL' : 'NORMAL'}` : undefined,
  open: outside,
  remove: outside,
}
