// A trap of the wasm module in the middle of a write. Nothing that SQLite says after it could be trusted, so it must end the
// engine for everybody, without the write; the next engine goes on from what was committed.
import { expect, it, vi } from 'vitest'
import { MemoryDevice } from '../../src/device/memory.ts'
import { Statement } from '../../src/engine/statement.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine } from '../support/engine-client.ts'

it('ends the engine, and what was committed before is there in the next one', async () => {
  const device = new MemoryDevice()
  const store = await BlockStore.open({ device })
  const { client, engine } = await startEngine({ blocks: store, store })
  const db = client()
  const neighbour = client()
  await db.exec('CREATE TABLE t(a); INSERT INTO t VALUES(1)')
  const step = vi.spyOn(Statement.prototype, 'step').mockImplementation(function (this: Statement) {
    // Far behind the end of the heap.
    if (this.sql.startsWith('INSERT')) this.connection.instance.exports.sqlite3_step(-65536)
    return plainStep.call(this)
  })
  await expect(db.run('INSERT INTO t VALUES(2)')).rejects.toMatchObject({
    code: 'internal',
    message: expect.stringMatching(/memory access out of bounds/),
  })
  step.mockRestore()
  for (const one of [db, neighbour])
    await expect(one.query('SELECT a FROM t')).rejects.toMatchObject({
      message: expect.stringMatching(/memory access out of bounds/),
    })
  await engine.close().catch(() => {})
  const again = await BlockStore.open({ device })
  const next = await startEngine({ blocks: again, store: again })
  expect(await next.client().query('SELECT a FROM t')).toEqual([[1]])
})

const plainStep = Statement.prototype.step
