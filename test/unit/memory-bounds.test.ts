// The memory of an open database is bounded, however large it is: SQLite's heap and the live JS buffers of the worker stay
// below the page cache plus a constant while 64 MB are written, rewritten, indexed, sorted and vacuumed. Measured, not timed.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'
import { measureBigDatabase } from '../support/big-database.ts'

const MIB = 1 << 20
const CACHE_BYTES = 8 * MIB
const REST_BYTES_MAX = CACHE_BYTES + 24 * MIB
const STATEMENT_BYTES_MAX = CACHE_BYTES + 32 * MIB

it('a database of 64 MB is written, rewritten, indexed and vacuumed in the page cache and 32 MB', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'datasync-bounds-'))
  try {
    const device = openNodeDevice(join(directory, 'big'), realEnvironment().random)
    const measured = await measureBigDatabase({
      device,
      megabytes: 64,
      cacheBytes: CACHE_BYTES,
    })
    const beyond = measured.filter(
      ({ peakBytes, restBytes }) => peakBytes > STATEMENT_BYTES_MAX || restBytes > REST_BYTES_MAX,
    )
    expect(beyond).toEqual([])
    expect(measured).toHaveLength(7)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}, 240_000)
