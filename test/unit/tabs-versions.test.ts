// Tabs of different releases meet on the rendezvous channel: an older one facing a newer leader says so and starts nothing, a
// newer one asks an older leader to hand over.
import { expect, test } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import type { ClientPlatform } from '../../src/coordination/platform.ts'
import { VersionTooNewError } from '../../src/errors/errors.ts'
import { PROTOCOL_VERSION } from '../../src/protocol/messages.ts'
import { newPortEnds, SimulatedChannels } from '../simulation/tabs-channels.ts'
import { SimulatedLocks } from '../simulation/tabs-locks.ts'
import { Agent, World } from '../simulation/tabs-world.ts'
import { seeded } from '../support/seeded.ts'

/** A page beside a leader of another release, which holds the page lock and answers whoever seeks. */
function besideLeader(protocol: number) {
  const world = new World(seeded(1))
  const locks = new SimulatedLocks(world)
  const channels = new SimulatedChannels()
  const other = new Agent(world, 'other')
  const heard: unknown[] = []
  const held = () => new Promise<never>(() => {})
  void locks.of(other).request('datasync:app.db:page', held)
  const rendezvous = channels.open(other, 'datasync:app.db')
  rendezvous.onmessage = (message) => {
    heard.push(message)
    if ((message as { type: string }).type === 'seek')
      rendezvous.postMessage({ type: 'leader', engine: 'e', term: 3, storeId: 's', leader: 'other', protocol })
  }
  const page = new Agent(world, 'page')
  const platform: ClientPlatform = {
    ...page.environment,
    locks: locks.of(page),
    tabs: {
      locks: locks.of(page),
      openChannel: (name) => channels.open(page, name),
      newPorts: () => newPortEnds() as never,
      wrapPort: () => {
        throw new Error('nobody connects')
      },
      connectBroker: () => undefined,
      onLifecycle: () => () => {},
    },
    startWorker: () => {
      throw new Error('no worker is started')
    },
    getWasm: async () => ({ url: '' }),
  }
  return { world, platform, heard }
}

test('a page that faces a leader of a newer release is told to reload', async () => {
  const { world, platform, heard } = besideLeader(PROTOCOL_VERSION + 1)
  const opened = openWith(platform, 'app.db').catch((error: unknown) => error)
  await world.runUntil(2000)
  const error = await opened
  expect(error).toBeInstanceOf(VersionTooNewError)
  expect(error).toMatchObject({ code: 'version-too-new' })
  expect(heard).not.toContainEqual(expect.objectContaining({ type: 'yield' }))
})

test('a page that faces a leader of an older release asks it to hand over', async () => {
  const { world, platform, heard } = besideLeader(PROTOCOL_VERSION - 1)
  const opened = openWith(platform, 'app.db', { timeoutMs: 5000 }).catch((error: unknown) => error)
  await world.runUntil(6000)
  expect(heard).toContainEqual(expect.objectContaining({ type: 'yield', protocol: PROTOCOL_VERSION }))
  expect(await opened).toMatchObject({ code: 'timeout' })
})
