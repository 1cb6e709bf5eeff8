// Many deaths in simulated tabs, from a seed: engines crash, with and without a power cut, tabs are killed and closed, while
// all of them write. Plan: what was acknowledged is there once; what was said not to be applied is not; every call settles.
// A call that was never answered on a killed tab hung the transaction that ran it again.

import { expect, test } from 'vitest'
import {
  crash,
  type Database,
  DataSyncError,
  killTab,
  LeaderLostError,
  SimulatedBrowser,
} from '../../src/testing/index.ts'
import { seeded } from '../support/seeded.ts'

const TURNS = 80

test.each([1, 2, 3])('acknowledged writes outlive every death, refused ones are not there (seed %i)', async (seed) => {
  const { chance, int, pick } = seeded(seed)
  const browser = new SimulatedBrowser()
  const open = () => browser.open('app.db')
  const tabs: Database[] = [await open(), await open(), await open()]
  await tabs[0]!.exec('CREATE TABLE t (a INTEGER PRIMARY KEY)')
  const acknowledged: number[] = []
  const refused: number[] = []
  const pending: Promise<void>[] = []
  let last = 0

  const write = async (db: Database, a: number): Promise<void> => {
    try {
      const sql = 'INSERT INTO t VALUES (?)'
      if (chance(0.2)) await db.transaction((tx) => tx.run(sql, [a]), { retries: 20 })
      else await db.run(sql, [a])
      acknowledged.push(a)
    } catch (error) {
      if (error instanceof LeaderLostError && error.applied === 'no') refused.push(a)
      else if (!(error instanceof DataSyncError) || !/^(leader-lost|closed)$/.test(error.code)) throw error
    }
  }
  for (let turn = 0; turn < TURNS; turn++) {
    const db = pick(tabs)
    for (let count = int(4); count > 0; count--) pending.push(write(db, ++last))
    for (let count = int(6); count > 0; count--) await new Promise((resolve) => setImmediate(resolve))
    if (chance(0.05)) await crash(db, { lose: chance(0.5) ? 'unsynced' : 'nothing' })
    const ends = chance(0.05)
    if (!ends) continue
    if (chance(0.5)) await killTab(db)
    else await db.close()
    tabs.splice(tabs.indexOf(db), 1, await open())
  }
  await Promise.all(pending)

  const rows = new Set(
    await tabs[0]!.query<[number]>('SELECT a FROM t', [], { rowMode: 'array' }).then((all) => all.flat()),
  )
  expect(acknowledged.filter((a) => !rows.has(a))).toEqual([])
  expect(refused.filter((a) => rows.has(a))).toEqual([])
  expect(acknowledged.length).toBeGreaterThan(TURNS / 2)
  expect((await tabs[0]!.verify()).ok).toBe(true)
  await Promise.all(tabs.map((db) => db.close()))
})
