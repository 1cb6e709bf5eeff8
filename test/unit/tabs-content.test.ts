// Tabs that have no engine while another one imports a file, with the real engine in a simulated browser. Who had lost its
// engine, or was left by its user, was not told: only engines told it, at the moment of the change, to the clients they had.
import { expect, test } from 'vitest'
import type { LifecycleEvent } from '../../src/coordination/platform.ts'
import { tabOf } from '../../src/testing/browser.ts'
import { crash, type Database, SimulatedBrowser } from '../../src/testing/index.ts'

const tell = (db: Database, event: LifecycleEvent) => tabOf(db)?.lifecycle?.(event)

async function three(): Promise<readonly [Database, Database, Database]> {
  const browser = new SimulatedBrowser()
  const open = () => browser.open('app.db')
  const leader = await open()
  await leader.exec("CREATE TABLE t (a); INSERT INTO t VALUES ('old')")
  return [leader, await open(), await open()]
}

async function fileWith(text: string): Promise<Blob> {
  const db = await new SimulatedBrowser().open('other.db', { blockSize: 8192 })
  await db.exec('CREATE TABLE t (a)')
  await db.run('INSERT INTO t VALUES (?)', [text])
  const file = await db.export()
  await db.close()
  return file
}

test('a tab that was left during an import is told when it comes back, once', async () => {
  const [leader, follower, third] = await three()
  const told: unknown[] = []
  follower.on('reopened', (event) => told.push(event))
  const { contentId } = follower.info
  tell(follower, 'hide')
  await third.import(await fileWith('new'))
  expect(told).toEqual([])
  tell(follower, 'show')
  expect(await follower.query('SELECT a FROM t')).toEqual([{ a: 'new' }])
  expect(told).toEqual([{ blockSize: 8192, term: follower.info.term }])
  expect(follower.info.contentId).not.toBe(contentId)
  for (const db of [leader, follower, third]) expect(db.info).toMatchObject({ contentId: follower.info.contentId })
  await crash(follower)
  expect(await follower.value('SELECT a FROM t')).toBe('new')
  expect(told).toHaveLength(1)
})

test('a tab whose leader ended is not told of an import that there was none of', async () => {
  const [leader, follower] = await three()
  const told: string[] = []
  follower.on('reopened', () => told.push('reopened'))
  follower.on('leader-change', () => told.push('leader-change'))
  await crash(leader)
  expect(await follower.value('SELECT a FROM t')).toBe('old')
  expect(told).toEqual(['leader-change'])
})
