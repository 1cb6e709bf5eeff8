// Functions that a client brings along from a former engine, and functions of several clients on shared connections.
import { expect, it } from 'vitest'
import { startEngine } from '../support/engine-client.ts'

const MODULE = `data:text/javascript,${encodeURIComponent('export const one = () => 1; export const two = () => 2')}`
const definition = (name: string, exported: string, module = MODULE) => ({
  name,
  module,
  export: exported,
  deterministic: false,
  directOnly: false,
})

it('what a client had registered is there before its first request', async () => {
  const { client } = await startEngine()
  const db = client({ functions: [definition('f', 'one'), definition('g', 'two')] })
  expect(await db.query('SELECT f(), g()')).toEqual([[1, 2]])
})

it('a function that cannot be loaded again is told, and only statements that use it fail', async () => {
  const { client } = await startEngine()
  const db = client({ functions: [definition('f', 'one'), definition('g', 'x', 'data:text/javascript,)')] })
  expect(await db.value('SELECT f()')).toBe(1)
  await expect(db.value('SELECT g()')).rejects.toThrow('no such function: g')
  expect(db.events).toEqual([{ name: 'warning', message: expect.stringContaining('The function g could not be') }])
})

it('each client has its own under the same name, on the same connections', async () => {
  const { client } = await startEngine()
  const db = client({ functions: [definition('f', 'one')] })
  const other = client({ functions: [definition('f', 'two')] })
  const third = client()
  for (let i = 0; i < 3; i++) {
    expect(await db.value('SELECT f()')).toBe(1)
    expect(await other.value('SELECT f()')).toBe(2)
    await expect(third.value('SELECT f()')).rejects.toThrow('no such function: f')
  }
})

it('registering one in the middle of a transaction makes it known there', async () => {
  const { client } = await startEngine()
  const db = client()
  await db.exec('CREATE TABLE t(a)')
  const tx = await db.begin()
  await db.run('INSERT INTO t VALUES(1)', [], tx)
  await db.request({ type: 'function', definition: definition('f', 'one') }).answer
  expect(await db.value('SELECT f()', [], tx)).toBe(1)
  await db.end(tx)
})
