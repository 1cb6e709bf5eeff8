// The page that runs conformance files through the public API of the built package, each on a database of its own.
import { deleteDatabase, open, type StorageKind } from '../../../src/index.ts'
import { DatabaseSession } from '../../conformance/database-session.ts'
import type { FileResult } from '../../conformance/execute.ts'
import { DATASYNC, runFile } from '../../conformance/report.ts'

const TIME_MS = 60_000

interface FileRun {
  readonly storage: Exclude<StorageKind, 'node'>
  readonly name: string
  readonly text: string
}

const steps = {
  /** Runs one file and checks the database that it leaves. */
  async runFile({ storage, name, text }: FileRun): Promise<FileResult> {
    const db = await open(name, { storage, timeoutMs: TIME_MS })
    if (db.info.storage !== storage) throw new Error(`${storage} was asked for, ${db.info.storage} was opened`)
    const result = await runFile(new DatabaseSession(db), text, DATASYNC)
    const integrity = await db.value('PRAGMA integrity_check')
    await db.close()
    await deleteDatabase(name)
    if (integrity !== 'ok') throw new Error(`the database is damaged after ${name}: ${integrity}`)
    return result
  },
}

export type ConformanceSteps = typeof steps
Object.assign(globalThis, { steps })
