// A page's worker may be ready, speak and die before the code that works with it has been loaded. Plan: the engine is
// started as `open` of a page does, something happens to it, and only then there is a session; nothing of it is lost.

import { expect, test } from 'vitest'
import { EngineAccess } from '../../src/client/engine-access.ts'
import { loadPart } from '../../src/client/load-part.ts'
import { openedDatabase } from '../../src/client/opened.ts'
import { resolveOpenOptions } from '../../src/client/options.ts'
import { AssetLoadError } from '../../src/errors/errors.ts'
import { answerPlainly, FakePlatform, INFO } from '../support/fake-engine.ts'
import { settle } from '../support/manual-clock.ts'

async function early(platform: FakePlatform) {
  const options = resolveOpenOptions({})
  const access = new EngineAccess('app.db', options, platform)
  await access.start()
  return { access, arrive: () => openedDatabase('app.db', options, platform, access) }
}

test('a session that comes later knows the engine that was there before, and its calls reach that', async () => {
  const platform = new FakePlatform(answerPlainly)
  const { arrive } = await early(platform)
  platform.engine.post({ type: 'event', event: { name: 'reopened', blockSize: 512, term: 7, contentId: 'c' } })
  const db = await arrive()
  expect(db.info).toMatchObject({ storage: INFO.storage, blockSize: 512, term: 7 })
  await db.run('INSERT')
  expect(platform.engines).toHaveLength(1)
  expect(platform.engine.requests).toHaveLength(1)
})

test('an engine that died before the session came is followed by another one at the first call', async () => {
  const platform = new FakePlatform(answerPlainly)
  const { arrive } = await early(platform)
  platform.engine.vanish()
  await settle()
  const db = await arrive()
  await db.run('INSERT')
  expect(platform.engines).toHaveLength(2)
  expect(platform.engine.requests).toHaveLength(1)
})

test('a part of the package that cannot be loaded is an AssetLoadError that keeps the reason', async () => {
  const cause = new TypeError('Failed to fetch dynamically imported module')
  const error = await loadPart(() => Promise.reject(cause)).catch((e: unknown) => e)
  expect(error).toBeInstanceOf(AssetLoadError)
  expect(error).toMatchObject({ cause, message: expect.stringMatching(/Failed to fetch.*reload the page/) })
})
