// Which connection a read runs on, seen by the snapshots that it takes. Reads that took 8 ms on the writer were begun again on
// a reader even where all that time went by before their first row: an aggregate over a large table ran for 8 ms in vain,
// each time that it was asked for.
import { expect, it } from 'vitest'
import { type Environment, realEnvironment } from '../../src/environment.ts'
import { startEngine } from '../support/engine-client.ts'

const MANY = 'WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 20000)'

/** Each look at the clock costs a millisecond. */
function slowEnvironment(): Environment {
  const environment = realEnvironment()
  let nowMs = 0
  return { ...environment, clock: { ...environment.clock, monotonicMs: () => ++nowMs } }
}

async function started() {
  const { blocks, client } = await startEngine({ environment: slowEnvironment() })
  const db = client()
  await db.exec(`CREATE TABLE t(a); INSERT INTO t ${MANY} SELECT i FROM s`)
  const pinsOf = async (sql: string) => {
    const before = blocks.counts.pins
    const rows = await db.query(sql)
    return { pins: blocks.counts.pins - before, rows: rows.length }
  }
  return { db, pinsOf }
}

it('what is long before its first row is read once, where it began', async () => {
  const { pinsOf } = await started()
  expect(await pinsOf('SELECT sum(x.a * y.a) FROM t AS x JOIN t AS y WHERE y.a < 40')).toEqual({ pins: 1, rows: 1 })
})

it('whose rows take long goes over to a reader, and is read there at once the next time', async () => {
  const { db, pinsOf } = await started()
  // One on the writer, one for the schema of a new reader, one there.
  expect(await pinsOf('SELECT a FROM t')).toEqual({ pins: 3, rows: 20000 })
  expect(await pinsOf('SELECT a FROM t')).toEqual({ pins: 1, rows: 20000 })
  await db.run('DELETE FROM t WHERE a > 5')
  expect(await pinsOf('SELECT a FROM t')).toEqual({ pins: 1, rows: 5 })
})
