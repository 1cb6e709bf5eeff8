// SQLite's own check of a whole database, in parts between which other work gets its turn: every table with its indexes by
// `PRAGMA quick_check(table)`, then what that leaves out, that no page belongs to two of them or to nobody, by walking
// over the pages (`dbstat`). It stands apart because `PRAGMA quick_check` without a name is one call, however long.
//
// Databases with auto_vacuum are checked by that one call: pages that point back to others belong to no table.
import type { Clock } from '../environment.ts'
import type { Connection } from './connection.ts'
import type { Job } from './job.ts'
import type { Statement } from './statement.ts'

const SLICE_MS = 8
/** Pages between two looks at the clock. */
const PAGES_PER_LOOK = 64
const FOUND_MAX = 100
/** Where SQLite keeps the page that it never uses. */
const LOCK_BYTE_AT = 1 << 30

export interface QuickCheck {
  readonly connection: Connection
  readonly job: Pick<Job, 'limits' | 'checkGoesOn'>
  readonly clock: Clock
  readonly pageSize: number
  /** Called after each part. */
  onPart?(): void
  /** A part that could not be checked. By default its error ends the check. */
  onFailure?(error: unknown): void
}

/** What SQLite finds wrong, at most 100 lines; empty if nothing. Throws SqliteError, StorageError, TimeoutError, AbortError. */
export async function quickCheck(check: QuickCheck): Promise<string[]> {
  const { connection } = check
  // One state for all parts.
  connection.run('BEGIN')
  try {
    const found: string[] = []
    for (const sql of partsOf(check)) {
      try {
        found.push(...texts(check, sql).filter((line) => line !== 'ok'))
      } catch (error) {
        if (!check.onFailure) throw error
        check.onFailure(error)
      }
      await pause(check)
      if (found.length >= FOUND_MAX) break
    }
    if (found.length === 0 && !hasAutoVacuum(check)) found.push(...(await pagesFound(check)))
    return found.slice(0, FOUND_MAX)
  } finally {
    if (connection.instance.vfs.failure.fatal === undefined) connection.rollback()
  }
}

function partsOf(check: QuickCheck): string[] {
  if (hasAutoVacuum(check)) return ['PRAGMA quick_check']
  const names = texts(check, "SELECT 'sqlite_schema' UNION ALL SELECT name FROM sqlite_schema WHERE type = 'table'")
  return names.map((name) => `PRAGMA quick_check("${name.replaceAll('"', '""')}")`)
}

function hasAutoVacuum(check: QuickCheck): boolean {
  return number(check, 'PRAGMA auto_vacuum') !== 0
}

async function pause({ job, clock, onPart }: QuickCheck): Promise<void> {
  await clock.yield()
  job.checkGoesOn(clock.monotonicMs())
  onPart?.()
}

/** Every page belongs to exactly one table or index, or is free; the free ones have been checked with the schema. */
async function pagesFound(check: QuickCheck): Promise<string[]> {
  const { connection, job, clock, pageSize } = check
  const { exports } = connection.instance
  const count = number(check, 'PRAGMA page_count')
  const used = new Uint8Array(Math.ceil((count + 1) / 8))
  let left = count - number(check, 'PRAGMA freelist_count')
  if (count * pageSize > LOCK_BYTE_AT) left--
  const statement = connection.prepare('SELECT pageno, name FROM dbstat')
  try {
    for (let more = true; more; await pause(check)) {
      const sliceEndMs = clock.monotonicMs() + SLICE_MS
      while (more && clock.monotonicMs() < sliceEndMs)
        for (let i = 0; i < PAGES_PER_LOOK; i++) {
          more = connection.limited(job.limits, () => statement.step())
          if (!more) break
          const page = Number(exports.sqlite3_column_int64(statement.pointer, 0))
          if (used[page >> 3]! & (1 << (page & 7)))
            return [`Page ${page} of ${text(statement, 1)} belongs to another one too`]
          used[page >> 3]! |= 1 << (page & 7)
          left--
        }
    }
  } finally {
    connection.release(statement)
  }
  return left === 0 ? [] : [`${Math.abs(left)} pages ${left > 0 ? 'are never used' : 'are used and free'}`]
}

function number(check: QuickCheck, sql: string): number {
  return Number(texts(check, sql)[0] ?? 0)
}

/** The first column of all rows. */
function texts({ connection, job }: QuickCheck, sql: string): string[] {
  const statement = connection.prepare(sql)
  try {
    return connection.limited(job.limits, () => {
      const rows: string[] = []
      while (statement.step()) rows.push(text(statement, 0))
      return rows
    })
  } finally {
    connection.release(statement)
  }
}

function text({ connection, pointer }: Statement, column: number): string {
  const { exports, heap } = connection.instance
  return heap.text(exports.sqlite3_column_text(pointer, column)) ?? ''
}
