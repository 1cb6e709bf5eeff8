// Limits of nested transactions, which have none of the engine's: a signal or a time ends the nested transaction and undoes what
// was done in it, and the outer one goes on. And of `close`, whose signal ended it with ClosedError and without its reason.
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

let db: Database
beforeEach(async () => {
  db = await openWith(inProcessPlatform(), 'app.db', { storage: 'memory' })
  await db.exec('CREATE TABLE t(a)')
})
afterEach(() => db.close())

const never = () => new Promise<never>(() => {})

it('a nested transaction whose time is over is undone, and the outer one commits', async () => {
  await db.transaction(async (tx) => {
    await tx.run('INSERT INTO t VALUES(1)')
    const nested = tx.transaction(
      async (inner) => {
        await inner.run('INSERT INTO t VALUES(2)')
        await never()
      },
      { timeoutMs: 20 },
    )
    await expect(nested).rejects.toMatchObject({ code: 'timeout' })
    await tx.run('INSERT INTO t VALUES(3)')
  })
  expect(await db.query('SELECT a FROM t', [], { rowMode: 'array' })).toEqual([[1], [3]])
})

it('a nested transaction that its signal ends is undone before what comes next, also while a statement of it runs', async () => {
  const controller = new AbortController()
  await db.transaction(async (tx) => {
    await tx.run('INSERT INTO t VALUES(1)')
    let late: Promise<unknown> | undefined
    const nested = tx.transaction(
      async (inner) => {
        await inner.run('INSERT INTO t VALUES(2)')
        const running = inner.run('INSERT INTO t VALUES(3)')
        controller.abort('enough')
        await running
        late = inner.run('INSERT INTO t VALUES(4)')
        await late
      },
      { signal: controller.signal },
    )
    await expect(nested).rejects.toMatchObject({ code: 'aborted', cause: 'enough' })
    await tx.run('INSERT INTO t VALUES(5)')
    await expect(late).rejects.toMatchObject({ code: 'closed' })
  })
  expect(await db.query('SELECT a FROM t', [], { rowMode: 'array' })).toEqual([[1], [5]])
})

it('one that is given up before it begins does nothing, and an unknown option is refused', async () => {
  await db.transaction(async (tx) => {
    const signal = AbortSignal.abort('no')
    await expect(tx.transaction(never, { signal })).rejects.toMatchObject({ code: 'aborted', cause: 'no' })
    const unknown = { retries: 3 } as object
    await expect(tx.transaction(never, unknown)).rejects.toMatchObject({ code: 'unknown-option' })
    await tx.run('INSERT INTO t VALUES(1)')
  })
  expect(await db.value('SELECT count(*) FROM t')).toBe(1)
})

it('close ends with AbortError and the reason of its signal', async () => {
  await expect(db.close({ signal: AbortSignal.abort('hurry') })).rejects.toMatchObject({
    code: 'aborted',
    cause: 'hurry',
  })
  db = await openWith(inProcessPlatform(), 'other.db', { storage: 'memory' })
})
