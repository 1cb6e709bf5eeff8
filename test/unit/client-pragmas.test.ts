// PRAGMAs of a client: those of `open`, those set by SQL, and both in its next worker.
import { expect, it } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { FakePlatform, result } from '../support/fake-engine.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

it('those of open are in force from the first statement, on the writer and on readers', async () => {
  const pragmas = { case_sensitive_like: true, recursive_triggers: 1, cache_size: -500 }
  const db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory', pragmas })
  expect(await db.value("SELECT 'A' LIKE 'a'")).toBe(0)
  expect(await db.value('PRAGMA recursive_triggers')).toBe(1)
  expect(await db.value('PRAGMA cache_size')).toBe(-500)
  expect(await db.value('PRAGMA foreign_keys')).toBe(1)
  await db.transaction(async () => {
    // The writer is taken.
    expect(await db.value("SELECT 'A' LIKE 'a'")).toBe(0)
  })
  await db.run('PRAGMA case_sensitive_like = OFF')
  expect(await db.value("SELECT 'A' LIKE 'a'")).toBe(1)
  await db.close()
})

it.each([
  [{ journal_mode: 'wal' }, 'unknown-option'],
  [{ foreign_keys: false }, 'unknown-option'],
  [{ user_version: 5 }, 'unknown-option'],
  [{ cache_size: '1; DROP TABLE t' }, 'invalid-argument'],
  [{ cache_size: 1.5 }, 'invalid-argument'],
  [5, 'invalid-argument'],
])('open refuses %j', async (pragmas, code) => {
  await expect(openWith(inProcessPlatform(), 'app.db', { pragmas: pragmas as never })).rejects.toMatchObject({ code })
})

it('the next worker gets those in force', async () => {
  const platform = new FakePlatform()
  const db = await openWith(platform, 'app.db', { pragmas: { busy_timeout: 5 } })
  expect(platform.engine.hello.settings.pragmas).toEqual({ busy_timeout: '5' })
  platform.script = ({ seq }, engine) => {
    engine.post({ type: 'answers', answers: [], pragmas: { foreign_keys: '0', busy_timeout: '5' } })
    return result(seq)
  }
  await db.run('PRAGMA foreign_keys = OFF')
  platform.engine.vanish()
  await db.run('INSERT')
  expect(platform.engine.hello.settings.pragmas).toEqual({ foreign_keys: '0', busy_timeout: '5' })
})

it('a script changes them for the statements after it', async () => {
  const db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
  await db.exec('PRAGMA foreign_keys = OFF; CREATE TABLE t(a)')
  expect(await db.value('PRAGMA foreign_keys')).toBe(0)
  await db.close()
})
