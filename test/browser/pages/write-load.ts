// A load of writes whose outcome can be checked after a crash: rows are written in units, each by one call and thus one
// commit. A unit's number tells how many rows it has, so that a check by SQL finds units that are there in part.
import type { Database } from '../../../src/index.ts'

export const LOAD_SCHEMA =
  'CREATE TABLE load (unit INTEGER NOT NULL, part INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (unit, part))'
const INSERT = 'INSERT INTO load (unit, part, body) VALUES (?, ?, ?)'

/** Rows of a unit, by the way in which it is written: `run`, `transaction` or `runMany`. */
export const ROWS_OF_UNIT = [1, 3, 40] as const

export interface WriteLoad {
  readonly firstUnit: number
  readonly killAfterMs: number
  readonly kill: () => void
  readonly report?: (unit: number) => void
}

export interface WriteLoadResult {
  readonly acknowledged: number[]
  /** Writes that were on their way at the moment of the kill. */
  readonly underWay: number
  readonly nextUnit: number
  /** How each writer ended. */
  readonly errors: { readonly name: string; readonly code: string; readonly message: string }[]
}

/** Runs three writers until the kill, or until each has failed; returns what was acknowledged. */
export async function writeUntilKilled(db: Database, load: WriteLoad): Promise<WriteLoadResult> {
  let next = Math.ceil(load.firstUnit / ROWS_OF_UNIT.length)
  const acknowledged: number[] = []
  const errors: WriteLoadResult['errors'] = []
  let killed = false
  let running = 0
  let underWay = 0
  const kill = () => {
    killed = true
    underWay = running
    load.kill()
  }
  // A write that was on its way may be answered by a new worker; no writer starts another after the kill.
  const writer = async (kind: number) => {
    while (!killed) {
      const unit = next++ * ROWS_OF_UNIT.length + kind
      running += 1
      try {
        await write(db, unit, kind)
      } catch (error) {
        const { name, message } = error instanceof Error ? error : { name: 'not an Error', message: String(error) }
        errors.push({ name, message, code: error instanceof Error && 'code' in error ? String(error.code) : '' })
        return
      } finally {
        running -= 1
      }
      if (acknowledged.push(unit) === 1 && !load.report) setTimeout(kill, load.killAfterMs)
      load.report?.(unit)
    }
  }
  await Promise.all(ROWS_OF_UNIT.map((_, kind) => writer(kind)))
  return { acknowledged, underWay, errors, nextUnit: (next + 1) * ROWS_OF_UNIT.length }
}

async function write(db: Database, unit: number, kind: number): Promise<void> {
  const rows = Array.from({ length: ROWS_OF_UNIT[kind]! }, (_, part) => [unit, part, body(unit, part)])
  if (kind === 0) await db.run(INSERT, rows[0])
  else if (kind === 1) {
    await db.transaction(async (tx) => {
      for (const row of rows) await tx.run(INSERT, row)
    })
  } else await db.runMany(INSERT, rows)
}

function body(unit: number, part: number): string {
  return `unit ${unit}, part ${part} `.repeat(1 + ((unit * 7 + part) % 20))
}
