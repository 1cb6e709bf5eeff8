// What belongs to one tab and what all share, with the real engine in a simulated browser:
//  1. counts and PRAGMAs of a connection are those of the tab, whoever leads, and no other tab sees them
//  2. an open transaction of one tab keeps nobody from reading; what another tab has acknowledged is seen at once
//  3. roles, the list of tabs, and the counts of handovers
import { expect, test } from 'vitest'
import { crash, type Database, killTab, SimulatedBrowser } from '../../src/testing/index.ts'

async function tabs(count: number): Promise<Database[]> {
  const browser = new SimulatedBrowser()
  const opened: Database[] = []
  while (opened.length < count) opened.push(await browser.open('app.db'))
  await opened[0]!.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)')
  return opened
}

const counted = (db: Database) =>
  db.query('SELECT changes(), total_changes(), last_insert_rowid()', [], { rowMode: 'array' })

test('the counts and PRAGMAs of a tab are its own, also after a failover', async () => {
  const [leader, one, two] = (await tabs(3)) as [Database, Database, Database]
  await one.run('INSERT INTO t VALUES (10), (11), (12)')
  await two.run('INSERT INTO t VALUES (20)')
  await one.query('PRAGMA recursive_triggers = ON')
  await two.query('PRAGMA foreign_keys = OFF')
  const mine = async () => ({
    one: [await counted(one), await one.value('PRAGMA recursive_triggers'), await one.value('PRAGMA foreign_keys')],
    two: [await counted(two), await two.value('PRAGMA recursive_triggers'), await two.value('PRAGMA foreign_keys')],
  })
  const expected = { one: [[[3, 3, 12]], 1, 1], two: [[[1, 1, 20]], 0, 0] }
  expect(await mine()).toEqual(expected)
  await crash(leader)
  expect(await mine()).toEqual(expected)
  await killTab(leader)
  expect(await mine()).toEqual(expected)
  expect([one.info.role, two.info.role].sort()).toEqual(['follower', 'leader'])
})

test('an open transaction of one tab keeps no other tab from reading', async () => {
  const [one, two, three] = (await tabs(3)) as [Database, Database, Database]
  await two.transaction(async (tx) => {
    await tx.run('INSERT INTO t VALUES (1)')
    for (const db of [one, three]) expect(await db.value('SELECT count(*) FROM t')).toBe(0)
    expect(await tx.value('SELECT count(*) FROM t')).toBe(1)
  })
  for (const db of [one, three]) expect(await db.value('SELECT count(*) FROM t')).toBe(1)
})

test('tabs know who leads, and count what a failover cost them', async () => {
  const [leader, one, two] = (await tabs(3)) as [Database, Database, Database]
  const ids = (await two.tabs()).map(({ id }) => id).sort()
  expect(ids).toHaveLength(3)
  for (const db of [leader, one, two]) {
    const known = await db.tabs()
    expect(known.map(({ id }) => id).sort()).toEqual(ids)
    expect(known.filter(({ self }) => self)).toHaveLength(1)
    expect(known.find(({ leads }) => leads)?.self).toBe(db === leader)
  }
  const heard: unknown[] = []
  one.on('role', ({ role }) => heard.push(role))
  one.on('leader-change', ({ role }) => heard.push(`leader-change, ${role}`))
  await killTab(leader)
  await one.run('INSERT INTO t VALUES (1)')
  expect(one.info.role).toBe('leader')
  expect(heard).toEqual(['leader-change, leader', 'leader'])
  expect((await two.tabs()).filter(({ leads }) => leads)).toMatchObject([{ self: false }])
  expect(await one.metrics()).toMatchObject({
    leaderChanges: 1,
    lastFailoverMs: expect.any(Number),
    resentRequests: 0,
    repeatsAnswered: 0,
  })
})
