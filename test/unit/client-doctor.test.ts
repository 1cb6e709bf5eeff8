// What `doctor` tells of a browser: with everything, without OPFS, without both storages, without a worker.
import { expect, test } from 'vitest'
import { doctor, doctorWith } from '../../src/client/doctor.ts'
import type { ClientPlatform, Transport } from '../../src/coordination/platform.ts'
import { StorageError } from '../../src/errors/errors.ts'
import { answerStorageJob } from '../../src/storage-job.ts'
import { FakePlatform } from '../support/fake-platform.ts'

const FACTS = {
  webLocks: true,
  broadcastChannel: true,
  sharedWorker: true,
  crossOriginIsolated: false,
  persisted: false,
  usageBytes: 1000,
  quotaBytes: 1_000_000,
  deviceMemoryBytes: 8 * 1024 ** 3,
}

/** A page whose storage worker runs on the fakes. */
function page(browser: FakePlatform): ClientPlatform {
  return {
    ...browser.environment,
    locks: undefined,
    getWasm: () => Promise.reject(new Error('no wasm is needed here')),
    startWorker: () => {
      const transport: Transport = {
        onmessage: undefined,
        onfailure: undefined,
        postMessage: (job) =>
          void answerStorageJob(browser, job).then((answer) => transport.onmessage?.(structuredClone(answer))),
        terminate: () => {},
      }
      return transport
    },
  }
}

test('a browser with everything gets OPFS', async () => {
  const browser = new FakePlatform()
  const report = await doctorWith(page(browser), FACTS)
  expect(report).toMatchObject({ storage: 'opfs', worker: { available: true }, ...FACTS, databases: [] })
  expect(report.opfs).toEqual({ available: true, why: undefined })
  expect(report.indexedDb).toEqual({ available: true, why: undefined })
  expect(report.why).toEqual(['OPFS works in this browser, and is the fastest storage that keeps data.'])
  expect(report.advice.join()).toContain('navigator.storage.persist()')
  expect(structuredClone(report)).toEqual(report)
})

test('where OPFS is refused it says why, and names IndexedDB', async () => {
  const browser = new FakePlatform()
  browser.loseOpfs()
  const report = await doctorWith(page(browser), { ...FACTS, persisted: true })
  expect(report.storage).toBe('indexeddb')
  expect(report.opfs.available).toBe(false)
  expect(report.why[0]).toMatch(/OPFS cannot be used here: .*not here/)
  expect(report.advice).toEqual([expect.stringContaining('held in memory')])
})

test('where nothing keeps data it says so', async () => {
  const browser = new FakePlatform()
  browser.loseOpfs()
  browser.loseIndexedDb()
  const report = await doctorWith(page(browser), { ...FACTS, webLocks: false })
  expect(report.storage).toBeUndefined()
  expect(report.why).toHaveLength(2)
  expect(report.advice).toEqual([expect.stringContaining('Web Locks')])
})

test('without a worker it is told why, and nothing rejects', async () => {
  const platform = page(new FakePlatform())
  const refused = () => {
    throw new StorageError('unavailable', 'no workers here')
  }
  const report = await doctorWith({ ...platform, startWorker: refused }, FACTS)
  expect(report).toMatchObject({ storage: undefined, worker: { available: false, why: 'no workers here' } })
  // Outside of a web page.
  expect(await doctor()).toMatchObject({ storage: undefined, worker: { available: false } })
})

test('it ends by signal and by time', async () => {
  const silent = { ...page(new FakePlatform()), startWorker: () => ({ ...silentTransport }) }
  await expect(doctorWith(silent, FACTS, { timeoutMs: 5 })).rejects.toMatchObject({ code: 'timeout' })
  await expect(doctorWith(silent, FACTS, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'aborted' })
  await expect(doctorWith(silent, FACTS, { time: 5 } as never)).rejects.toMatchObject({ code: 'unknown-option' })
})

const silentTransport: Transport = {
  onmessage: undefined,
  onfailure: undefined,
  postMessage: () => {},
  terminate: () => {},
}
