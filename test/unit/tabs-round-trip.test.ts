// Every value comes back as itself also in a tab whose engine is another tab's, through a port and through a channel.
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { anyValue, out } from '../support/any-value.ts'
import { SimulatedSite } from '../support/simulated-site.ts'

describe.each([
  ['broker', true],
  ['channel', false],
] as const)('through a %s', (transport, broker) => {
  const site = new SimulatedSite()
  let leader: Database
  let db: Database
  beforeAll(async () => {
    leader = await site.open({ durability: 'relaxed' }, { broker })
    await leader.exec('CREATE TABLE t(v)')
    db = await site.open({ durability: 'relaxed' }, { broker })
  })
  afterAll(() => site.close())

  it('every value comes back as itself, and is what the leading tab sees', async () => {
    expect(db.info).toMatchObject({ role: 'follower', transport })
    await fc.assert(
      fc.asyncProperty(anyValue, async (value) => {
        const expected = out(value, 'auto')
        expect(await db.value('SELECT ?', [value])).toStrictEqual(expected)
        await db.runMany('INSERT INTO t VALUES (?)', [[value]])
        const [given] = await db.batch([['DELETE FROM t RETURNING v']])
        expect(given?.rows).toStrictEqual([{ v: expected }])
        await db.run('INSERT INTO t VALUES (?)', [value])
        expect((await db.stream('SELECT v FROM t').next()).value).toStrictEqual({ v: expected })
        expect(await leader.query('SELECT v FROM t')).toStrictEqual([{ v: expected }])
        const inside = await db.transaction(async (tx) => tx.query('DELETE FROM t RETURNING v'))
        expect(inside).toStrictEqual([{ v: expected }])
      }),
      { numRuns: 60 },
    )
  })

  it('a blob of 5 MB comes back as itself, which travels in pieces', async () => {
    const blob = new Uint8Array(5_000_000).map((_, i) => i * 7 + (i >> 12))
    await db.run('INSERT INTO t VALUES (?)', [blob])
    for (const seen of [await db.value('SELECT v FROM t'), (await db.get('SELECT v FROM t'))?.v])
      expect(Buffer.compare(seen as Uint8Array, blob)).toBe(0)
    await db.run('DELETE FROM t')
  })
})
