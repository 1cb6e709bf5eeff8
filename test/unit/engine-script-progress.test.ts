// Scripts with transactions of their own, asked for again after their engine was lost. Plan: a script runs on a real store;
// its one write to the log is cut at many places, as a death in the middle of it leaves it; an engine on each of these
// is asked what became of the script, and must say exactly what is in the table.
import { expect, it } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.ts'
import { LeaderLostError } from '../../src/errors/errors.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine, TestClient } from '../support/engine-client.ts'

const CUT_BYTES = 8192

const copyOf = (device: MemoryDevice) => new MemoryDevice({ areas: device.cloneAreas() })

async function engineOn(device: MemoryDevice) {
  const store = await BlockStore.open({ device })
  return { ...(await startEngine({ blocks: store, store })), store }
}

/** How the script `sql` settled, and what the device may hold if the process dies while the script is stored. */
async function runAndCut(sql: string) {
  const device = new MemoryDevice()
  const { client } = await engineOn(device)
  const db = client()
  await db.exec('CREATE TABLE t (a)')
  const cuts: MemoryDevice[] = []
  const write = device.write.bind(device)
  device.write = (area, bytes, at) => {
    for (let kept = 0; kept <= bytes.length; kept += CUT_BYTES) {
      const cut = copyOf(device)
      cut.write(area, bytes.subarray(0, kept), at)
      cuts.push(cut)
    }
    write(area, bytes, at)
  }
  const settled = await db.exec(sql).then(
    () => 'done',
    (error: { code: string }) => error.code,
  )
  device.write = write
  cuts.push(copyOf(device))
  return { settled, cuts, db }
}

/** What another engine says of the client's last request, and what is in the table there. */
async function askOn(device: MemoryDevice, before: TestClient, sql: string) {
  const { engine } = await engineOn(device)
  const client = new TestClient(engine, before.id)
  client.seq = before.seq - 1
  const asked = client.request({ type: 'script', sql }, 0, { asks: true })
  const said = await asked.answer.then(
    () => 'done' as const,
    (error: LeaderLostError) => error,
  )
  return { said, rows: (await client.query('SELECT a FROM t')).flat() }
}

const INSERTS = Array.from({ length: 12 }, (_, i) => `INSERT INTO t VALUES (${i + 1})`)

it('a script that was cut short is answered with the number of statements that are in force', async () => {
  const sql = [...INSERTS, 'BEGIN', ...INSERTS, 'COMMIT'].join('; ')
  const { settled, cuts, db } = await runAndCut(sql)
  expect(settled).toBe('done')
  const seen = new Set<string>()
  for (const cut of cuts) {
    const { said, rows } = await askOn(cut, db, sql)
    if (said === 'done') {
      expect(rows).toHaveLength(24)
    } else {
      expect(said).toBeInstanceOf(LeaderLostError)
      expect(rows).toHaveLength(said.statements ?? 0)
      expect(said).toMatchObject(rows.length === 0 ? { applied: 'no', retryable: true } : { applied: 'partly' })
    }
    seen.add(said === 'done' ? said : said.applied)
  }
  expect([...seen]).toEqual(['no', 'partly', 'done'])
})

it('a script that ended in an error is said to be in force as far as it had committed', async () => {
  const sql = `${INSERTS[0]}; BEGIN; ${INSERTS[1]}; COMMIT; BEGIN; ${INSERTS[2]}; INSERT INTO missing VALUES (1); COMMIT`
  const { settled, cuts, db } = await runAndCut(sql)
  expect(settled).toBe('SQLITE_ERROR')
  const { said, rows } = await askOn(cuts.at(-1)!, db, sql)
  expect(said).toMatchObject({ applied: 'partly', statements: 4, retryable: false })
  expect(rows).toEqual([1, 2])
})

it('what only reads after the last commit does not make a script a part of one', async () => {
  const sql = `BEGIN; ${INSERTS[0]}; COMMIT; SELECT a FROM t`
  const { cuts, db } = await runAndCut(sql)
  expect((await askOn(cuts.at(-1)!, db, sql)).said).toBe('done')
})

it('COMMIT as a call of its own is answered from its record, and never run again without one', async () => {
  const device = new MemoryDevice()
  const { client } = await engineOn(device)
  const db = client()
  await db.exec('CREATE TABLE t (a)')
  await db.run('BEGIN')
  await db.run('INSERT INTO t VALUES (1)')
  const before = copyOf(device)
  await db.run('COMMIT')
  for (const [found, cut] of [
    ['done', copyOf(device)],
    ['no', before],
  ] as const) {
    const { engine } = await engineOn(cut)
    const again = new TestClient(engine, db.id)
    again.seq = db.seq - 1
    const asked = again.request({ type: 'statement', sql: 'COMMIT', parameters: undefined, want: 'changes' }, 0, {
      asks: true,
    })
    const said = await asked.answer.then(
      ({ type }) => (type === 'result' ? 'done' : type),
      (error: LeaderLostError) => error.applied,
    )
    expect(said).toBe(found)
  }
})
