// What the IndexedDB device and its helper say to each other is checked on both sides: the messages are made from good ones by
// one change each, and a helper that sends nonsense is given up like one that is gone.
import { expect, it } from 'vitest'
import { HelperConnection } from '../../src/device/helper-connection.ts'
import { type FromHelper, parseFromHelper, parseToHelper, type ToHelper } from '../../src/device/helper-messages.ts'
import type { HelperPort } from '../../src/device/helper-platform.ts'
import { realEnvironment } from '../../src/environment.ts'

const head = { format: 1, owner: 'ab', term: 1, piece: 0, sizes: { main: 0, 'log-0': 0, 'log-1': 0 } }
const changes = { puts: new Map(), deletes: new Set<number>() }
const piece = { chunks: new Map(), logs: { 'log-0': changes, 'log-1': changes } }

const toHelper: ToHelper[] = [
  { type: 'helper', databaseName: 'd', shared: new SharedArrayBuffer(8) },
  { type: 'fetch', number: -1, first: 0, count: 1 },
  { type: 'call', id: 1, call: { verb: 'open', create: true } },
  { type: 'call', id: 2, call: { verb: 'storePiece', piece, places: new Set(), to: head, durability: 'strict' } },
  { type: 'call', id: 3, call: { verb: 'takeOver', owner: 'o', create: false, known: head } },
  { type: 'call', id: 4, call: { verb: 'addBallast', noise: [] } },
  ...(['readHead', 'giveUpBallast', 'close'] as const).map(
    (verb) => ({ type: 'call', id: 5, call: { verb } }) as const,
  ),
]
const fromHelper: FromHelper[] = [
  { type: 'done', id: 1, value: undefined },
  { type: 'version-change' },
  { type: 'failed', id: 1, failure: { kind: 'device', reason: 'io', message: 'm' } },
  { type: 'failed', id: 1, failure: { kind: 'storage', code: 'quota', message: 'm' } },
  { type: 'failed', id: 1, failure: { kind: 'platform', name: 'AbortError', message: 'm' } },
]

it('takes every message and refuses each of its fields if it is something else', () => {
  const refused = expect.objectContaining({ code: 'protocol' })
  for (const [parse, messages] of [
    [parseToHelper, toHelper],
    [parseFromHelper, fromHelper],
  ] as const)
    for (const message of messages) {
      expect(parse(message)).toBe(message)
      for (const path of pathsOf(message)) {
        if (path.join() === 'value') continue
        const copy = structuredClone(message)
        const target = path.slice(0, -1).reduce((object, name) => Reflect.get(object, name) as object, copy as object)
        Reflect.set(target, path.at(-1)!, null)
        expect(() => parse(copy), `${message.type} ${path.join('.')}`).toThrow(refused)
      }
    }
  for (const nonsense of [undefined, null, 'done', 7, [], {}]) {
    expect(() => parseToHelper(nonsense)).toThrow(refused)
    expect(() => parseFromHelper(nonsense)).toThrow(refused)
  }
})

it('a helper that sends nonsense is ended, and the call ends as with one that was lost', async () => {
  let ended = 0
  const port: HelperPort = {
    onmessage: undefined,
    onfailure: undefined,
    postMessage: (message) => {
      if (message.type === 'call') queueMicrotask(() => port.onmessage?.({ type: 'failed', id: message.id }))
    },
    terminate: () => void ended++,
  }
  const { clock } = realEnvironment()
  const platform = {
    start: () => port,
    share: (bytes: number) => new SharedArrayBuffer(bytes),
    wait: () => 'timed-out' as const,
  }
  const connection = new HelperConnection({ platform, clock, databaseName: 'd', onVersionChange: () => {} })
  await expect(connection.open(true)).rejects.toMatchObject({
    name: 'InvalidStateError',
    message: expect.stringMatching(/failure is undefined, not an object/),
  })
  expect(ended).toBe(1)
})

function pathsOf(value: unknown, path: readonly string[] = []): string[][] {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return []
  return Object.entries(value).flatMap(([name, child]) => [[...path, name], ...pathsOf(child, [...path, name])])
}
