// `npm run conformance -- PATH...`: runs any corpus of sqllogictest files on the engine in Node, in memory, each file on a
// database of its own. With --control it runs plain SQLite instead, which tells a wrong file from a wrong engine. The
// closing line counts records; the exit code is 1 if one failed, 2 without files.
import { readFile } from 'node:fs/promises'
import { openWith } from '../../src/client/open.ts'
import { inProcessPlatform } from '../support/in-process-worker.ts'
import { ControlSession } from './control-session.ts'
import { DatabaseSession } from './database-session.ts'
import type { FileResult } from './execute.ts'
import { filesUnder } from './files.ts'
import { DATASYNC, describeFailures, runFile, SQLITE } from './report.ts'

/** Runs the files below the paths; gives the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  const control = args.includes('--control')
  const paths = (await Promise.all(args.filter((arg) => arg !== '--control').map(filesUnder))).flat()
  if (paths.length === 0) {
    console.error('usage: npm run conformance -- [--control] PATH...   (files, or directories of .slt and .test files)')
    return 2
  }
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const path of paths) {
    const result = await runOn(control ? onSqlite : onEngine, await readFile(path, 'utf8'))
    const { passed, skipped, failures } = result
    console.log(`${path}: ${passed} passed, ${failures.length} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
    if (failures.length > 0) console.log(describeFailures(path, result))
    total.passed += passed
    total.skipped += skipped
    total.failed += failures.length
  }
  console.log(`${paths.length} files${total.skipped > 0 ? `, ${total.skipped} records skipped` : ''}`)
  console.log(`${total.passed} passed, ${total.failed} failed`)
  return total.failed > 0 ? 1 : 0
}

type Runner = (text: string) => Promise<FileResult>

/** A file whose run breaks off, because its database cannot be opened or closed, is one failure. */
async function runOn(run: Runner, text: string): Promise<FileResult> {
  try {
    return await run(text)
  } catch (error) {
    return { passed: 0, skipped: 0, failures: [{ line: 1, message: `the run broke off: ${error}` }] }
  }
}

async function onSqlite(text: string): Promise<FileResult> {
  const session = await ControlSession.open()
  try {
    return await runFile(session, text, SQLITE)
  } finally {
    session.close()
  }
}

async function onEngine(text: string): Promise<FileResult> {
  const db = await openWith(inProcessPlatform(), 'conformance.db', { storage: 'memory', timeoutMs: 0 })
  try {
    return await runFile(new DatabaseSession(db), text, DATASYNC)
  } finally {
    await db.close()
  }
}
