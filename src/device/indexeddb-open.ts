// Opens the device on IndexedDB: connects, takes the storage over from any earlier owner, and loads the content, or has a
// helper fetch it where it does not fit into memory. It stands apart from the device because all of it happens once.

import { StorageError } from '../errors/errors.ts'
import { DeviceError } from './device.ts'
import { deviceErrorFrom, isOutOfSpace } from './device-errors.ts'
import { toHex } from './hex.ts'
import { IndexedDbDevice } from './indexeddb.ts'
import { ResidentAreas } from './indexeddb-areas.ts'
import { takeOverIfRoom } from './indexeddb-ballast.ts'
import { Connection } from './indexeddb-connection.ts'
import { CHUNK_BYTES } from './indexeddb-format.ts'
import { loadContent, tooLarge } from './indexeddb-load.ts'
import { type IndexedDbOptions, PIECE_BYTES_MAX, RESIDENT_BYTES_MAX } from './indexeddb-options.ts'

/**
 * Opens the storage and takes it over from any earlier owner. If there is no space for that it can be read, and the first
 * flush or sync tries again.
 * Throws StorageError `too-large-for-storage`, `format-unknown`, `quota`; DeviceError `evicted`, `io`.
 */
export async function openIndexedDbDevice(options: IndexedDbOptions): Promise<IndexedDbDevice> {
  const { clock, random } = options.environment
  let onVersionChange = () => {}
  const connection = new Connection(options.platform, clock, options.databaseName, () => onVersionChange())
  try {
    await connection.open(options.create)
    const owner = toHex(random.bytes(16))
    const { head, owned } = await takeOverIfRoom(connection, owner, options.create)
    const residentBytesMax = options.residentBytesMax ?? RESIDENT_BYTES_MAX
    const loadBytesMax = options.helpers && Math.min(options.loadBytesMax ?? residentBytesMax, residentBytesMax)
    const limits = { residentBytesMax, loadBytesMax }
    const content = await loadContent(connection, head.sizes, limits)
    const areas = new ResidentAreas({ residentBytesMax, pieceBytesMax: options.pieceBytesMax ?? PIECE_BYTES_MAX })
    areas.load(content.chunks, content.logs, head.sizes)
    const device = new IndexedDbDevice(options, connection, areas, {
      owner,
      head,
      owned,
      ballast: content.hasBallast ? 'kept' : owned ? 'none' : 'spent',
    })
    onVersionChange = () => device.finish()
    if (content.away) {
      await device.useHelper().catch((cause: unknown) => {
        if (cause instanceof DeviceError && cause.reason !== 'io') throw cause
        const why = cause instanceof Error ? cause.message : String(cause)
        throw tooLarge(
          content.chunks.length * CHUNK_BYTES,
          residentBytesMax,
          `, and its helper did not start: ${why}`,
          cause,
        )
      })
    }
    return device
  } catch (error) {
    connection.close()
    if (error instanceof StorageError) throw error
    if (isOutOfSpace(error)) throw new StorageError('quota', 'no space to open the storage', { cause: error })
    throw deviceErrorFrom(error, 'opening the storage')
  }
}
