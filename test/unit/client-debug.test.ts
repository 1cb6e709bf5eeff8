// `debug` logs what happens in page and worker, with SQL and without values; without it nothing is logged.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import type { OpenOptions } from '../../src/client/options.ts'
import { pagePlatform } from '../../src/client/start-worker.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** What is logged, as text, while a database is used in many ways. */
async function logOf(options: OpenOptions, debugWanted = false): Promise<string[]> {
  const lines: string[] = []
  const log = (what: string, facts: unknown) => {
    const show = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
    lines.push(`${what} ${JSON.stringify(facts, show)}`)
  }
  const platform = { ...inProcessPlatform(undefined, log), debugWanted: () => debugWanted }
  const db = await openWith(platform, 'app.db', { storage: 'memory', ...options })
  await db.exec('CREATE TABLE t(a UNIQUE, b)')
  await db.run('INSERT INTO t VALUES (?, ?)', ['a secret', new Uint8Array(3)])
  await db.query('SELECT 1 AS twice, 2 AS twice')
  await expect(db.run('INSERT INTO t VALUES (?, ?)', ['a secret', 1])).rejects.toThrow('UNIQUE')
  await db.batch([['DELETE FROM t WHERE a = ?', ['a secret']]])
  await db.transaction((tx) => tx.get('SELECT * FROM t'))
  await db.close()
  return lines
}

describe('with debug', () => {
  it('requests with their SQL, answers with their errors and times, and events are logged', async () => {
    const lines = await logOf({ debug: true })
    const logged = (...parts: string[]) =>
      expect(
        lines.filter((line) => parts.every((part) => line.includes(part))),
        parts.join(),
      ).not.toEqual([])
    logged('app.db: open', '"role":"leader"')
    logged('engine: opened', '"term"')
    logged('request: statement', 'INSERT INTO t VALUES (?, ?)')
    logged('request: batch', 'DELETE FROM t WHERE a = ?')
    logged('request: begin', '"mode":"immediate"')
    logged('answer: result', '"changes":1', '"ms":')
    logged('answer: error', 'SQLITE_CONSTRAINT_UNIQUE')
    logged('app.db: event warning', 'several columns called twice')
    logged('engine: closed')
  })

  it('no value is logged', async () => {
    const lines = await logOf({ debug: true })
    expect(lines.filter((line) => line.includes('a secret'))).toEqual([])
  })

  it('whoever looks at the page can turn it on', async () => {
    expect(await logOf({}, true)).not.toEqual([])
  })
})

it('nothing is logged without debug', async () => {
  const written = vi.spyOn(process.stdout, 'write')
  const errors = vi.spyOn(process.stderr, 'write')
  expect(await logOf({})).toEqual([])
  expect(written).not.toHaveBeenCalled()
  expect(errors).not.toHaveBeenCalled()
})

it.each(['datasync-debug', 'sqlite-worker-debug'])('%s in localStorage turns it on', (key) => {
  const stored = new Map<string, string>()
  vi.stubGlobal('localStorage', { getItem: (name: string) => stored.get(name) ?? null })
  expect(pagePlatform().debugWanted?.()).toBe(false)
  stored.set(key, '1')
  expect(pagePlatform().debugWanted?.()).toBe(true)
})

it('a page that may not use localStorage is one without it', () => {
  vi.stubGlobal('localStorage', {
    getItem() {
      throw new DOMException('The operation is insecure.', 'SecurityError')
    },
  })
  expect(pagePlatform().debugWanted?.()).toBe(false)
})
