// Tabs that sleep, are left and come back, and what becomes of work that was under way when the leader ends, through the
// built package in each browser:
//  1. a frozen leader (Chromium) is followed at once; awake again it follows, and its calls settle
//  2. followers that sleep are passed over when the leader closes (Chromium)
//  3. a leader that is left and come back to, by the history
//  4. a page that holds the lock of leading and hangs is robbed of it
//  5. a stream, an interactive transaction with and without retries, a prepared statement, when the leader's worker ends
import { describe, expect, it } from 'vitest'
import type { ChromiumPage } from '../support/browsers/chromium.ts'
import { AVAILABLE } from '../support/browsers/launch.ts'
import { until } from '../support/browsers/processes.ts'
import { call } from '../support/browsers/steps.ts'
import { type OpenTab, openTab, tabSite } from '../support/tabs/site.ts'
import type { TabsSteps } from './pages/tabs.ts'

const freeze = ({ page }: OpenTab, frozen: boolean) => (page as ChromiumPage).freeze(frozen)

describe.each(AVAILABLE)('in %s', (kind) => {
  const site = tabSite(kind)

  async function three(name: string): Promise<[OpenTab, OpenTab, OpenTab]> {
    const leader = await site.tab(name)
    await leader.do('exec', 'CREATE TABLE t (a)')
    return [leader, await site.tab(name), await site.tab(name)]
  }

  it.skipIf(kind !== 'chromium')('a frozen leader is followed at once, and follows when it wakes', async () => {
    const [leader, follower, third] = await three('frozen.db')
    await leader.do('write', 'INSERT INTO t VALUES (0)')
    await freeze(leader, true)
    for (let a = 1; a <= 3; a++) await follower.run(`INSERT INTO t VALUES (${a})`)
    expect(await third.query('SELECT count(*) AS n FROM t WHERE a > 0')).toEqual([{ n: 3 }])
    await freeze(leader, false)
    expect(await leader.do('written', null)).toBe('ok')
    await leader.run('INSERT INTO t VALUES (4)')
    expect(await leader.query('SELECT a FROM t ORDER BY a')).toEqual([0, 1, 2, 3, 4].map((a) => ({ a })))
    expect((await leader.do('info', null)).role).toBe('follower')
  })

  it.skipIf(kind !== 'chromium')('followers that sleep are passed over when the leader closes', async () => {
    const [leader, asleep, awake] = await three('asleep.db')
    await freeze(asleep, true)
    await site.close(leader)
    await awake.run('INSERT INTO t VALUES (1)')
    expect((await awake.do('info', null)).role).toBe('leader')
    await freeze(asleep, false)
    expect(await asleep.query('SELECT a FROM t')).toEqual([{ a: 1 }])
    expect((await asleep.do('info', null)).role).toBe('follower')
  })

  it('a leader that is left and come back to follows the one that has led meanwhile', async () => {
    const name = 'back.db'
    const [leader, follower] = await three(name)
    await leader.page.goto(site.server().page('blank'))
    await follower.run('INSERT INTO t VALUES (1)')
    await leader.page.evaluate('() => { setTimeout(() => history.back(), 0) }')
    await until(20_000, 'the way back', async () => {
      const path = await leader.page.evaluate<string>('() => location.pathname').catch(() => '')
      return path.includes('/tabs') ? true : undefined
    })
    const how = await leader.do('cameBack', null)
    if (kind === 'chromium') expect(how).toBe('as it was')
    if (how !== 'as it was') await call<TabsSteps, 'open'>(leader.page, 'open', { name })
    await leader.run('INSERT INTO t VALUES (2)')
    expect(await openTab(leader.page, '').query('SELECT a FROM t')).toEqual([{ a: 1 }, { a: 2 }])
    expect((await leader.do('info', null)).role).toBe('follower')
  })

  it('a page that holds the lock of leading and does nothing is robbed of it', async () => {
    const hung = await site.blank()
    await hung.goto(site.server().page('tabs'))
    await call<TabsSteps, 'hang'>(hung, 'hang', 'hung.db')
    const tab = await site.tab('hung.db')
    expect(tab.role).toBe('leader')
    await tab.do('exec', 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    expect(await (await site.tab('hung.db')).query('SELECT a FROM t')).toEqual([{ a: 1 }])
  })

  it('what was under way when the worker ended goes on, is run again, or says that it may be', async () => {
    const [leader, follower, third] = await three('under way.db')
    const again = await site.tab('under way.db')
    const ROWS = 'WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row)'
    await third.do('beginStream', `${ROWS} SELECT n, randomblob(100000) FROM row LIMIT 2000`)
    await again.do('prepare', 'SELECT a FROM t ORDER BY a')
    await follower.do('beginTransaction', { sql: 'INSERT INTO t VALUES (1)' })
    await leader.do('terminateWorker', null)
    expect(await follower.do('endTransaction', null)).toBe('LeaderLostError leader-lost no retryable after 1')
    expect(await third.do('streamEnd', null)).toMatch(/^LeaderLostError leader-lost .*retryable$/)
    await follower.do('beginTransaction', { sql: 'INSERT INTO t VALUES (2)', retries: 2 })
    await leader.do('terminateWorker', null)
    expect(await follower.do('endTransaction', null)).toBe('ok after 2')
    expect(await again.do('preparedRows', null)).toEqual([{ a: 2 }])
  })
})
