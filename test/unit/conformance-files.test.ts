// This project's own conformance files on plain SQLite, which shows that the files are right, and on the engine: through the
// public API in memory, and on the block store on a directory, where the database is read again after a reopening.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { openWith } from '../../src/client/open.ts'
import { ControlSession } from '../conformance/control-session.ts'
import { DatabaseSession } from '../conformance/database-session.ts'
import { EngineSession } from '../conformance/engine-session.ts'
import type { FileResult } from '../conformance/execute.ts'
import { ownFiles } from '../conformance/files.ts'
import { DATASYNC, describeFailures, runFile, SQLITE } from '../conformance/report.ts'
import type { ConformanceSession } from '../conformance/session.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'

const TIME_MS = 60_000
const files = await ownFiles()
const base = mkdtempSync(join(tmpdir(), 'datasync-conformance-'))
afterAll(() => rmSync(base, { recursive: true }))

async function expectToHold(session: ConformanceSession, name: string, run: Promise<FileResult>): Promise<void> {
  const result = await run
  expect(describeFailures(name, result)).toBe('')
  expect(result.passed).toBeGreaterThan(5)
  expect(await session.query('PRAGMA integrity_check')).toEqual([['ok']])
}

describe.each(files)('$name holds', ({ name, text }) => {
  it('on plain SQLite', { timeout: TIME_MS }, async () => {
    const session = await ControlSession.open()
    await expectToHold(session, name, runFile(session, text, SQLITE))
    session.close()
  })

  it('on the engine in memory', { timeout: TIME_MS }, async () => {
    const db = await openWith(inProcessPlatform(), name, { storage: 'memory', timeoutMs: TIME_MS })
    const session = new DatabaseSession(db)
    await expectToHold(session, name, runFile(session, text, DATASYNC))
    await db.close()
  })

  it('on the engine on a directory', { timeout: TIME_MS }, async () => {
    const directory = join(base, name)
    const session = await EngineSession.onDirectory(directory)
    await expectToHold(session, name, runFile(session, text, DATASYNC))
    const dump = 'SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY 1, 2'
    const schema = await session.query(dump)
    await session.close()
    const reopened = await EngineSession.onDirectory(directory)
    expect(await reopened.query('PRAGMA integrity_check')).toEqual([['ok']])
    expect(await reopened.query(dump)).toEqual(schema)
    await reopened.close()
  })
})
