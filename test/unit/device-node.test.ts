// The node device against the device contract, and its lock with real processes:
// 1. a second process is refused while the first lives, by name; 2. a process killed by SIGKILL leaves a lock that the
// next owner takes over; 3. of several that race for a dead lock exactly one wins; 4. an owner whose lock was replaced
// is fenced; 5. a claim left by a process that died in the middle of a take-over does not stop the next.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'
import { StorageError } from '../../src/errors/errors.ts'
import { deviceCases } from '../contract/device.ts'

const { random } = realEnvironment()
const base = mkdtempSync(join(tmpdir(), 'datasync-node-device-'))
const holder = join(base, 'holder.mjs')
let count = 0
const freshDirectory = () => join(base, `storage-${count++}`)

beforeAll(async () => {
  const entry = new URL('../support/node-lock-holder.ts', import.meta.url).pathname
  await build({ entryPoints: [entry], bundle: true, platform: 'node', format: 'esm', outfile: holder })
})
afterAll(() => rmSync(base, { recursive: true }))

class Holder {
  readonly process: ChildProcess
  readonly ended: Promise<void>
  #said = ''
  #wake = () => {}

  constructor(...args: string[]) {
    this.process = spawn(process.execPath, [holder, ...args], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.process.stdout!.on('data', (bytes) => {
      this.#said += bytes
      this.#wake()
    })
    this.ended = new Promise((resolve) => this.process.once('exit', () => resolve()))
  }

  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.#said)
      if (found) return found[0]
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL')
    await this.ended
  }
}

function busyMessage(directory: string): string {
  try {
    openNodeDevice(directory, random).close()
  } catch (error) {
    if (error instanceof StorageError && error.code === 'busy') return error.message
    throw error
  }
  return 'not busy'
}

describe('the node device', () => {
  for (const { title, run } of deviceCases) {
    test(title, async () => {
      const directory = freshDirectory()
      await run({ open: async () => openNodeDevice(directory, random), secondOpen: 'busy', dispose: async () => {} })
    })
  }

  test('leaves nothing but the areas behind when it is closed', () => {
    const directory = freshDirectory()
    openNodeDevice(directory, random).close()
    expect(readdirSync(directory).sort()).toEqual(['log-0', 'log-1', 'main', 'scratch'])
  })

  test('a second process is refused while the first lives, and the error names the process', async () => {
    const directory = freshDirectory()
    const other = new Holder(directory)
    await other.says(/owned/)
    expect(busyMessage(directory)).toContain(`process ${other.process.pid} on host ${hostname()}`)
    other.process.stdin!.write('close\n')
    await other.ended
    expect(busyMessage(directory)).toBe('not busy')
  })

  test('the lock of a process killed by SIGKILL is taken over, with all that it wrote', async () => {
    const directory = freshDirectory()
    const other = new Holder(directory)
    await other.says(/owned/)
    await other.kill()
    expect(existsSync(join(directory, 'lock'))).toBe(true)
    const device = openNodeDevice(directory, random)
    const bytes = new Uint8Array(device.size('main'))
    device.read('main', bytes, 0)
    expect(new TextDecoder().decode(bytes)).toBe(`written by ${other.process.pid}`)
    device.sync()
    device.close()
  })

  test('of four processes that race for a dead lock exactly one wins, ten times', async () => {
    for (let round = 0; round < 10; round++) {
      const directory = freshDirectory()
      const dead = new Holder(directory)
      await dead.says(/owned/)
      await dead.kill()
      const start = join(base, `start-${round}`)
      const racers = [1, 2, 3, 4].map(() => new Holder(directory, start))
      await Promise.all(racers.map((racer) => racer.says(/ready/)))
      writeFileSync(start, '')
      const said = await Promise.all(racers.map((racer) => racer.says(/(owned|refused) .+/)))
      expect(said.map((line) => line.split(' ')[0]).sort()).toEqual(['owned', 'refused', 'refused', 'refused'])
      expect(said.filter((line) => line === 'refused busy')).toHaveLength(3)
      await Promise.all(racers.map((racer) => racer.kill()))
    }
  }, 60_000)

  test('an owner whose lock names somebody else is fenced for good', () => {
    const directory = freshDirectory()
    const device = openNodeDevice(directory, random)
    const lock = join(directory, 'lock')
    const mine = readFileSync(lock, 'utf8')
    writeFileSync(lock, JSON.stringify({ ...JSON.parse(mine), id: 'somebody-else' }))
    const fenced = expect.objectContaining({ reason: 'fenced' })
    expect(() => device.sync()).toThrow(fenced)
    writeFileSync(lock, mine)
    expect(() => device.sync()).toThrow(fenced)
    expect(() => device.write('main', new Uint8Array(1), 0)).toThrow(fenced)
    device.close()
  })

  test('a claim left by a process that died while it took a lock over is taken over too', async () => {
    const directory = freshDirectory()
    const other = new Holder(directory)
    await other.says(/owned/)
    await other.kill()
    const owner = JSON.parse(readFileSync(join(directory, 'lock'), 'utf8'))
    writeFileSync(join(directory, `lock-claim-${owner.id}`), JSON.stringify({ ...owner, id: 'died-in-between' }))
    openNodeDevice(directory, random).close()
    expect(readdirSync(directory).sort()).toEqual(['log-0', 'log-1', 'main', 'scratch'])
  })

  test('a process id that was given to another process counts as dead, one of another host as alive', async () => {
    const directory = freshDirectory()
    const device = openNodeDevice(directory, random)
    const lock = join(directory, 'lock')
    const mine = JSON.parse(readFileSync(lock, 'utf8'))
    writeFileSync(lock, JSON.stringify({ ...mine, host: 'elsewhere' }))
    expect(busyMessage(directory)).toContain('on host elsewhere')
    if (process.platform === 'linux') {
      writeFileSync(lock, JSON.stringify({ ...mine, started: '1' }))
      expect(busyMessage(directory)).toBe('not busy')
    }
    device.close()
  })

  test('a lock file that cannot be understood is left alone and reported', () => {
    const directory = freshDirectory()
    openNodeDevice(directory, random).close()
    writeFileSync(join(directory, 'lock'), 'something else')
    expect(busyMessage(directory)).toContain('is not a lock file')
    expect(readFileSync(join(directory, 'lock'), 'utf8')).toBe('something else')
  })
})
