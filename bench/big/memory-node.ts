// The memory of the large database in Node: engine, store and the node device in this process.
import { join } from 'node:path'
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'
import { measureBigDatabase } from '../../test/support/big-database.ts'
import type { Measured } from '../../test/support/big-statements.ts'
import { inDirectory } from './in-directory.ts'

export interface MemoryOptions {
  readonly megabytes: number
  readonly cacheBytes: number
  /** No further step is begun after so long. */
  readonly untilMs: number
  readonly onMeasured: (measured: Measured) => void
}

export function memoryInNode(options: MemoryOptions): Promise<Measured[]> {
  return inDirectory((directory) => {
    const device = openNodeDevice(join(directory, 'big'), realEnvironment().random)
    return measureBigDatabase({ ...options, device, file: join(directory, 'exported.db') })
  })
}
