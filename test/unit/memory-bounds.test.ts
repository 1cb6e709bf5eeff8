// The memory of an open database is bounded, however large it is: SQLite's heap and the live JS buffers of the worker stay
// below the page cache plus a constant while 64 MB are written, rewritten, indexed, sorted, vacuumed, exported and imported. Measured, not timed.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'
import { measureBigDatabase } from '../support/big-database.ts'
import { BIG_STEPS, beyondBounds } from '../support/big-statements.ts'

const CACHE_BYTES = 8 << 20

it('a database of 64 MB is written, rewritten, indexed, vacuumed and imported in the page cache and 32 MB', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'datasync-bounds-'))
  try {
    const device = openNodeDevice(join(directory, 'big'), realEnvironment().random)
    const measured = await measureBigDatabase({
      device,
      megabytes: 64,
      cacheBytes: CACHE_BYTES,
      file: join(directory, 'exported.db'),
    })
    expect(beyondBounds(measured, CACHE_BYTES)).toEqual([])
    expect(measured).toHaveLength(BIG_STEPS)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}, 240_000)
