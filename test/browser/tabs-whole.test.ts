// What concerns the whole database while several tabs have it open, through the built package in each browser:
//  1. deleting it from any tab: every tab lets go and is told; a name that was deleted can be used anew at once
//  2. deleting it while a tab is frozen or does not let go: nothing is deleted, and everybody goes on
//  3. importing a file from the leader and from a follower: the others are told and go on with the new content
//  4. compacting from a follower
import { describe, expect, it } from 'vitest'
import { AVAILABLE } from '../support/browsers/launch.ts'
import { call } from '../support/browsers/steps.ts'
import { tabSite } from '../support/tabs/site.ts'
import type { TabsSteps } from './pages/tabs.ts'

const ROWS = 'RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row)'

describe.each(AVAILABLE)('in %s', (kind) => {
  const site = tabSite(kind)

  it.each(['the leader', 'a follower', 'a page that has not opened it'])('%s deletes it', async (who) => {
    const name = `deleted by ${who}.db`
    const leader = await site.tab(name)
    await leader.do('exec', 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    const tabs = [leader, await site.tab(name), await site.tab(name)]
    for (const tab of tabs) await tab.do('listen', null)
    const elsewhere = await site.blank()
    await elsewhere.goto(site.server().page('tabs'))
    const page = who === 'the leader' ? leader.page : who === 'a follower' ? tabs[1]!.page : elsewhere
    expect(await call<TabsSteps, 'deleted'>(page, 'deleted', name)).toBe('ok')
    for (const tab of tabs) {
      await tab.do('hears', 'gone')
      expect(await tab.do('outcome', 'INSERT INTO t VALUES (2)')).toMatch(/^(ClosedError closed|StorageError evicted)$/)
    }
    expect(await leader.do('listDatabases', null)).not.toContainEqual(expect.objectContaining({ name }))
    // The name is free: who opens it now has a new one, which the others do not touch.
    const again = await site.tab(name)
    expect(again.role).toBe('leader')
    await again.do('exec', 'CREATE TABLE other (a)')
    expect(await again.query('SELECT name FROM sqlite_schema')).toEqual([{ name: 'other' }])
  })

  it('calls that were made before the database was deleted settle, with an error that names it', async () => {
    const name = 'named.db'
    const leader = await site.tab(name)
    await leader.do('exec', 'CREATE TABLE t (a)')
    const follower = await site.tab(name)
    await follower.do('beginTransaction', { sql: 'INSERT INTO t VALUES (1)', retries: 3 })
    await follower.do('listen', null)
    expect(await leader.do('deleted', name)).toBe('ok')
    await follower.do('hears', 'gone')
    expect(await follower.do('endTransaction', null)).toMatch(/^(ClosedError closed|StorageError evicted) after 1$/)
    expect(await follower.do('message', 'INSERT INTO t VALUES (1)')).toMatch(/deleted/)
  })

  it('a tab that does not let go in time is named, nothing is deleted, and everybody goes on', async () => {
    const name = 'held.db'
    const leader = await site.tab(name)
    await leader.do('exec', 'CREATE TABLE t (a)')
    const follower = await site.tab(name)
    await follower.do('listen', null)
    await leader.do('beginEndless', 8000)
    const [deleted, written] = await Promise.all([
      follower.do('deleted', name),
      follower.run('INSERT INTO t VALUES (1)'),
    ])
    expect(deleted).toBe('StorageError busy retryable')
    expect(written).toMatchObject({ changes: 1 })
    expect(await leader.query('SELECT a FROM t')).toEqual([{ a: 1 }])
    expect(await follower.do('heard', null)).not.toContain('gone')
  })

  it.each(['the leader', 'a follower'])('%s imports a file, and the others go on with it', async (who) => {
    const name = `imported by ${who}.db`
    const leader = await site.tab(name)
    await leader.do('exec', "CREATE TABLE t (a); INSERT INTO t VALUES ('new')")
    const file = await leader.do('exportedBytes', null)
    await leader.do('exec', "UPDATE t SET a = 'old'")
    const follower = await site.tab(name)
    const third = await site.tab(name)
    const [imports, other] = who === 'the leader' ? [leader, follower] : [follower, leader]
    for (const tab of [imports, other, third]) await tab.do('listen', null)
    await other.do('prepare', 'SELECT a FROM t')
    await third.do('beginStream', `WITH ${ROWS} SELECT a, randomblob(100000) FROM t, row LIMIT 2000`)
    await imports.do('imported', file)
    for (const tab of [imports, other, third]) await tab.do('hears', 'reopened')
    expect(await other.do('preparedRows', null)).toEqual([{ a: 'new' }])
    expect(await third.do('streamEnd', null)).toBe('SnapshotTooOldError snapshot-too-old retryable')
    await third.run("INSERT INTO t VALUES ('written after it')")
    for (const tab of [imports, other, third])
      expect(await tab.query('SELECT a FROM t')).toEqual([{ a: 'new' }, { a: 'written after it' }])
  })

  it('a follower compacts it while the others write', async () => {
    const name = 'compacted.db'
    const leader = await site.tab(name)
    await leader.do('exec', `CREATE TABLE t (a); INSERT INTO t WITH ${ROWS} SELECT randomblob(3000) FROM row LIMIT 500`)
    const follower = await site.tab(name)
    await follower.do('exec', 'DELETE FROM t')
    const writing = Promise.all([1, 2, 3].map((a) => leader.run(`INSERT INTO t VALUES (${a})`)))
    await follower.do('compact', null)
    await writing
    expect(await follower.query('SELECT a FROM t ORDER BY a')).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }])
  })
})
