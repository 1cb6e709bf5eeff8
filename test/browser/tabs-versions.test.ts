// Tabs of two releases of an application, which speak different versions of the protocol, in real pages: the built package,
// and the same source with the next number.
//  1. the older one leads: the newer one has it hand over and leads, and what was written before is there
//  2. the newer one leads: the older one is told to reload, by an error and, if it was open before, by an event
//  3. the newer one goes: who was only waiting works again
import { describe, expect, it } from 'vitest'
import { PROTOCOL_VERSION } from '../../src/protocol/vocabulary.ts'
import { AVAILABLE } from '../support/browsers/launch.ts'
import { releaseFiles } from '../support/browsers/release.ts'
import { call } from '../support/browsers/steps.ts'
import { type OpenTab, openTab, tabSite } from '../support/tabs/site.ts'
import type { TabsSteps } from './pages/tabs.ts'

const NAME = 'releases.db'

describe.each(AVAILABLE)('in %s', (kind) => {
  const site = tabSite(kind, () => releaseFiles(PROTOCOL_VERSION + 1))

  async function newerTab(): Promise<OpenTab> {
    const page = await site.blank()
    await page.goto(site.server().page('release'))
    const { role } = await call<TabsSteps, 'open'>(page, 'open', { name: NAME })
    return openTab(page, role)
  }

  it('an older leader hands over to a newer tab, and older tabs are told to reload', async () => {
    const older = await site.tab(NAME)
    expect(older.role).toBe('leader')
    await older.do('exec', 'CREATE TABLE t (a); INSERT INTO t VALUES (1)')
    await older.do('listen', null)

    const newer = await newerTab()
    expect(newer.role).toBe('leader')
    expect(await newer.query('SELECT a FROM t')).toEqual([{ a: 1 }])
    await older.do('hears', 'version-too-new')
    expect(await older.do('outcome', 'INSERT INTO t VALUES (2)')).toBe('VersionTooNewError version-too-new')

    const late = await site.blank()
    await late.goto(site.server().page('tabs'))
    await expect(call<TabsSteps, 'open'>(late, 'open', { name: NAME })).rejects.toThrow(/version-too-new.*Reload/s)
    await newer.run('INSERT INTO t VALUES (3)')

    await site.close(newer)
    await older.run('INSERT INTO t VALUES (4)')
    expect(await older.query('SELECT a FROM t ORDER BY a')).toEqual([1, 3, 4].map((a) => ({ a })))
  })
})
