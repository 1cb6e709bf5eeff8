// Reads every block and says which are damaged. It stands apart because it is long work beside others: it runs in slices
// and can be given up. Each slice reads the newest state there is then, so that it holds back neither log nor checkpoint.
import { SnapshotTooOldError, StorageError } from '../errors/errors.ts'
import { readBlock } from './locate.ts'
import type { StoreState } from './state.ts'

export interface VerifyReport {
  /** Blocks that were read. */
  readonly blocks: number
  /** Numbers of the blocks that could not be read. */
  readonly damaged: readonly number[]
}

export interface VerifyOptions {
  readonly signal?: AbortSignal
  /** Told now and then how far it is, in blocks. */
  readonly onProgress?: (done: number, total: number) => void
}

/** Blocks between two turns for other work. */
const SLICE_BLOCKS = 256

/** Throws SnapshotTooOldError if everything has been replaced meanwhile: then `stateNow` gives another state. */
export async function verifyBlocks(stateNow: () => StoreState, options: VerifyOptions): Promise<VerifyReport> {
  const state = stateNow()
  const into = new Uint8Array(state.geometry.blockSize)
  const damaged: number[] = []
  let block = 0
  for (; block < state.sizeBlocks; block++) {
    if (block % SLICE_BLOCKS === 0) {
      options.onProgress?.(block, state.sizeBlocks)
      await state.environment.clock.yield()
      options.signal?.throwIfAborted()
    }
    try {
      readBlock(state, block, state.sequence, into)
    } catch (error) {
      if (!(error instanceof StorageError) || error.code !== 'corrupt') throw error
      damaged.push(block)
    }
  }
  options.onProgress?.(block, block)
  if (state !== stateNow())
    throw new SnapshotTooOldError('What was being verified has been replaced by something else. Verify again.')
  return { blocks: block, damaged }
}
