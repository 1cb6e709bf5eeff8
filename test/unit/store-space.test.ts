// Snapshots that hold space back, and when they end. Each test says what had gone wrong.
import { expect, test } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.ts'
import { BlockStore, type BlockStoreOptions } from '../../src/store/block-store.ts'
import { Checksums } from '../../src/store/checksum.ts'
import { DeviceWriter } from '../../src/store/device-writer.ts'
import { Log } from '../../src/store/log.ts'
import { simulatedEnvironment } from '../support/seeded.ts'

const BLOCKS = 1024
const MIB = 1024 * 1024
const open = (device: MemoryDevice, options: Partial<BlockStoreOptions> = {}) =>
  BlockStore.open({ device, environment: simulatedEnvironment(1), ...options })

/** One transaction that writes everything, far more than fits the log. */
async function writeAll(store: BlockStore, value: number): Promise<void> {
  await store.prepare()
  const transaction = store.begin()
  try {
    for (let number = 0; number < BLOCKS; number++) transaction.write(number, new Uint8Array(4096).fill(value))
    transaction.reserve()
    transaction.publish([])
  } finally {
    transaction.rollback()
  }
  await store.sync()
}

// Only a log that could not grow ended the oldest snapshot: a large transaction that found no space for its segments
// failed as often as it was tried, for as long as somebody held a snapshot.
test('a large transaction that finds no space ends the oldest snapshot, and the next one fits', async () => {
  const device = new MemoryDevice()
  const store = await open(device)
  await writeAll(store, 1)
  await store.checkpoint()
  const snapshot = store.pin()
  await writeAll(store, 2)
  device.bytesMax = Object.values(device.areas).reduce((sum, { size }) => sum + size, 0)
  await expect(writeAll(store, 3)).rejects.toMatchObject({ code: 'quota' })
  expect(() => snapshot.read(0, new Uint8Array(4096))).toThrow(expect.objectContaining({ code: 'snapshot-too-old' }))
  await store.checkpoint()
  await writeAll(store, 3)
  expect(store.read(BLOCKS - 1)[0]).toBe(3)
})

// Nothing looked at how much space is left: a snapshot could hold back 256 MiB where there were 20, and what was taken for
// it was missing to everything else.
test.each([
  { free: 64 * MIB, maxPinnedBytes: 3 * MIB, most: 3 },
  { free: 8 * MIB, maxPinnedBytes: 256 * MIB, most: 4 },
  { free: 3 * MIB, maxPinnedBytes: 256 * MIB, most: 1 },
  { free: undefined, maxPinnedBytes: 5 * MIB, most: 5 },
])('with $free bytes free and at most $maxPinnedBytes a snapshot makes the log grow by $most MiB', async (limits) => {
  const { free, maxPinnedBytes, most } = limits
  const device = new MemoryDevice()
  const logs = () => device.areas['log-0'].size + device.areas['log-1'].size
  let usual = Number.POSITIVE_INFINITY
  const freeBytes = async () => (free === undefined ? undefined : free - (logs() - usual))
  const store = await open(device, { maxPinnedBytes, freeBytes })
  usual = logs()
  const snapshot = store.pin()
  const read = () => snapshot.read(0, new Uint8Array(4096))
  let grown = 0
  for (let i = 0; i < 4000; i++) {
    store.write(i % 4, new Uint8Array(4096).fill(i))
    await store.commit()
    try {
      read()
    } catch {
      break
    }
    grown = logs() - usual
  }
  expect(read).toThrow(expect.objectContaining({ code: 'snapshot-too-old' }))
  expect(grown / MIB).toBe(most)
})

// The time limit for snapshots ended exports of large databases to slow receivers too.
test('the time limit of snapshots does not hold for an untimed one', async () => {
  const store = await open(new MemoryDevice(), { maxPinnedMs: 1 })
  const fill = async () => {
    for (let i = 0; i < 600; i++) {
      store.write(i % 4, new Uint8Array(4096).fill(i))
      await store.commit()
    }
  }
  await fill()
  const timed = store.pin()
  await fill()
  expect(() => timed.read(0, new Uint8Array(4096))).toThrow(expect.objectContaining({ code: 'snapshot-too-old' }))
  const untimed = store.pin({ untimed: true })
  await fill()
  const into = new Uint8Array(4096)
  untimed.read(3, into)
  expect(into[0]).toBe(599 & 255)
})

// Each commit reserves what its fold will need, but a power cut could keep its record in the log and take the growth of the
// main area: the fold ran into an assertion then, as often as the database was opened.
test('a fold takes the space again that a power cut took from a commit', async () => {
  const device = new MemoryDevice()
  const store = await open(device)
  const before = device.size('main')
  store.write(0, new Uint8Array(4096).fill(5))
  await store.commit()
  await store.sync()
  expect(device.size('main')).toBeGreaterThan(before)
  device.truncate('main', before)
  const again = await open(new MemoryDevice({ areas: device.areas }))
  await again.checkpoint()
  expect(again.metrics().logRecords).toBe(0)
  expect(again.read(0)[0]).toBe(5)
})

// A record found no room in the log just entered, which could not grow on a full disk; asked again it entered the first log
// once more, at its start, where no recovery looks for it. It was acknowledged and gone at the next opening, with all that
// followed.
test('the logs are switched once between two records, and back if the log entered has no room', async () => {
  const device = new MemoryDevice()
  device.reserve('log-0', 4096)
  device.reserve('log-1', 2048)
  const log = new Log({
    writer: new DeviceWriter(device, 4096),
    checksums: await Checksums.load(),
    storeId: '00'.repeat(16),
    term: 1,
    place: { log: 0, offset: 1024, checksum: 1n, term: 1 },
    stepBytes: 512,
  })
  expect(log.otherIsFree).toBe(true)
  log.switchLogs(2048)
  expect(log.place).toMatchObject({ log: 1, offset: 0 })
  expect(log.otherIsFree).toBe(false)
  log.switchBack()
  expect(log.place).toMatchObject({ log: 0, offset: 1024 })
  log.switchLogs(2048)
  log.mark({ sequence: 0, durableSequence: 0, sizeBlocks: 0, timeMs: 0 })
  log.records.length = 0
  expect(log.otherIsFree).toBe(true)
})
