// The node device when the file system answers in ways that a test machine does not show: short writes, a full disk, a
// failed sync, and another process that is faster in the middle of taking over a dead lock.

import type * as fs from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'

type Real = typeof fs
const hooks: { [call in 'writeSync' | 'fdatasyncSync' | 'linkSync']?: (...args: never[]) => unknown } = {}

vi.mock('node:fs', async (importReal) => {
  const real = await importReal<Real>()
  const hooked = (call: keyof typeof hooks) =>
    ((...args: never[]) => (hooks[call] ?? (real[call] as (...args: never[]) => unknown))(...args)) as never
  return {
    ...real,
    writeSync: hooked('writeSync'),
    fdatasyncSync: hooked('fdatasyncSync'),
    linkSync: hooked('linkSync'),
  }
})
const real = await vi.importActual<Real>('node:fs')

const { random } = realEnvironment()
let directory: string
const made: string[] = []
beforeEach(() => {
  for (const call of Object.keys(hooks) as (keyof typeof hooks)[]) delete hooks[call]
  directory = real.mkdtempSync(join(tmpdir(), 'datasync-node-faults-'))
  made.push(directory)
})
afterAll(() => {
  for (const each of made) real.rmSync(each, { recursive: true })
})

const reason = (expected: string) => expect.objectContaining({ reason: expected })
const failure = (code: string) => Object.assign(new Error(code), { code })

test('a short write is continued', () => {
  const device = openNodeDevice(directory, random)
  hooks.writeSync = (...[descriptor, bytes, offset, length, at]: [number, Uint8Array, number, number, number]) =>
    real.writeSync(descriptor, bytes, offset, Math.min(length, 7), at)
  const bytes = Uint8Array.from({ length: 100 }, (_, index) => index)
  device.write('main', bytes, 5)
  const back = new Uint8Array(100)
  expect(device.read('main', back, 5)).toBe(100)
  expect(back).toEqual(bytes)
  device.close()
})

test('a full disk is full, a reservation that does not fit leaves the area as it was', () => {
  const device = openNodeDevice(directory, random)
  device.write('log-0', new Uint8Array(10), 0)
  let writes = 0
  hooks.writeSync = (...args: never[]) => {
    if (++writes > 2) throw failure('ENOSPC')
    return (real.writeSync as (...args: never[]) => number)(...args)
  }
  expect(() => device.reserve('log-0', 5_000_000)).toThrow(reason('full'))
  expect(device.size('log-0')).toBe(10)
  expect(real.statSync(join(directory, 'log-0')).size).toBe(10)
  device.close()
})

test('a failed sync is io, and the file counts as not synced until one succeeds', () => {
  const device = openNodeDevice(directory, random)
  device.write('main', new Uint8Array(10), 0)
  hooks.fdatasyncSync = () => {
    throw failure('EIO')
  }
  expect(() => device.sync()).toThrow(reason('io'))
  let syncs = 0
  hooks.fdatasyncSync = () => void syncs++
  device.sync()
  device.sync()
  expect(syncs).toBe(1)
  device.close()
})

test('a lock that somebody else took over between the look at it and the claim on it is left to them', () => {
  const lock = join(directory, 'lock')
  const holder = openNodeDevice(directory, random)
  const alive = real.readFileSync(lock, 'utf8')
  holder.close()
  const dead = JSON.stringify({ ...JSON.parse(alive), id: 'dead', started: '1', boot: 'an earlier one' })
  real.writeFileSync(lock, dead)
  hooks.linkSync = (...[from, to]: [string, string]) => {
    if (to.endsWith('lock-claim-dead')) real.writeFileSync(lock, alive)
    real.linkSync(from, to)
  }
  expect(() => openNodeDevice(directory, random)).toThrow(expect.objectContaining({ code: 'busy' }))
  expect(real.readFileSync(lock, 'utf8')).toBe(alive)
  expect(real.readdirSync(directory).filter((name) => name.startsWith('lock'))).toEqual(['lock'])
})
