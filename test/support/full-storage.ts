// What a test does with a database while the quota of its site is used up, the same in every browser that lets a test use
// it up: rows until one is refused, and then all that must work without new space. It knows what was acknowledged.
import { expect } from 'vitest'
import type { FaultSteps, Refusal } from '../browser/pages/faults.ts'
import type { BrowserPage } from './browsers/session.ts'
import { call } from './browsers/steps.ts'
import type { DurableStorage } from './browsers/storages.ts'

export interface FullCase {
  readonly storage: DurableStorage
  readonly durability: 'strict' | 'relaxed'
}

export const ROW_BYTES = 64 << 10
const PORTION_ROWS = 10
export const FULL = { name: 'SqliteError', code: 'SQLITE_FULL', causes: expect.arrayContaining(['StorageError quota']) }

export type FullStorage = ReturnType<typeof fullStorage>

/** Steps on the database `name` of the page with the steps of faults.ts. */
export function fullStorage(page: BrowserPage, name: string, { storage, durability }: FullCase) {
  const acknowledged = new Set<number>()
  const open = () => call<FaultSteps, 'open'>(page, 'open', { name, options: { storage, durability } })
  const info = () => call<FaultSteps, 'info'>(page, 'info', null)
  const close = () => call<FaultSteps, 'close'>(page, 'close', null)
  const script = (sql: string) => call<FaultSteps, 'refusalOfScript'>(page, 'refusalOfScript', sql)
  const value = (sql: string) => call<FaultSteps, 'value'>(page, 'value', { sql })
  const fill = async (firstId: number, countMax: number): Promise<Refusal | null> => {
    const filled = await call<FaultSteps, 'fill'>(page, 'fill', { firstId, rowBytes: ROW_BYTES, countMax })
    for (const id of filled.acknowledged) acknowledged.add(id)
    return filled.refusal
  }
  const expectAllThere = async (when: string) => {
    const rows = await call<FaultSteps, 'query'>(page, 'query', {
      sql: 'SELECT id, length(body) AS bytes FROM filled',
    })
    expect(new Set(rows.map(({ id }) => id)), when).toEqual(acknowledged)
    expect(await value('PRAGMA integrity_check'), when).toBe('ok')
  }

  const workWhileFull = async () => {
    await expectAllThere('after the first refusal')
    const last = Math.max(...acknowledged)
    const inParts = `BEGIN; INSERT INTO filled VALUES (2000, 'small');
    INSERT INTO filled SELECT 3000 + id, randomblob(${ROW_BYTES * 4}) FROM filled; COMMIT`
    expect(await script(inParts)).toMatchObject(FULL)
    await script('ROLLBACK')
    await expectAllThere('after a refused transaction')

    await close()
    await open()
    await expectAllThere('opened again')
    for (let id = 1; id <= last - PORTION_ROWS; id += PORTION_ROWS) {
      const portion = `DELETE FROM filled WHERE id >= ${id} AND id < ${id + PORTION_ROWS}`
      expect(await script(portion), `deleting from ${id} of ${last}`).toBeNull()
      for (let one = id; one < id + PORTION_ROWS; one += 1) acknowledged.delete(one)
    }
    await expectAllThere('after deleting in portions')
    expect(await fill(10_000, last - 2 * PORTION_ROWS), 'writing into what was deleted').toBeNull()
    await expectAllThere('after writing again')
    await call<FaultSteps, 'checkpoint'>(page, 'checkpoint', null)
    await expectExport()
  }

  const expectExport = async () => {
    const { begins, bytes } = await call<FaultSteps, 'exported'>(page, 'exported', null)
    expect(begins).toBe('SQLite format 3')
    expect(bytes).toBeGreaterThan(acknowledged.size * ROW_BYTES)
  }

  return { acknowledged, open, info, close, script, fill, expectAllThere, workWhileFull, expectExport }
}
