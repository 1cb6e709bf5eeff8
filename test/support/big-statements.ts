// What a database far larger than the page cache is put through: everything that touches all of it. It stands apart because
// Node and the page of a browser send the same statements.

const ROW_BYTES = 1000

export interface BigStatement {
  readonly what: string
  readonly sql: string
}

/** In this order, on an empty database. */
export function bigStatements(megabytes: number): BigStatement[] {
  const rows = Math.round((megabytes * 1e6) / ROW_BYTES)
  const counted = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})`
  return [
    { what: 'create', sql: 'CREATE TABLE big (id INTEGER PRIMARY KEY, key INTEGER, body BLOB)' },
    {
      what: 'insert all rows',
      sql: `INSERT INTO big ${counted} SELECT i, random(), randomblob(${ROW_BYTES - 50}) FROM n`,
    },
    { what: 'update every row', sql: 'UPDATE big SET body = randomblob(length(body)), key = random()' },
    { what: 'delete every third row', sql: 'DELETE FROM big WHERE id % 3 = 0' },
    { what: 'create an index', sql: 'CREATE INDEX big_key ON big (key, body)' },
    {
      what: 'read all rows in order',
      sql: 'CREATE TABLE summed AS SELECT sum(length(body)) FROM (SELECT * FROM big ORDER BY -key)',
    },
    { what: 'vacuum', sql: 'VACUUM' },
  ]
}

/** Goes before the statements where that is to be measured. */
export const OPEN = 'open'
/** Lets everything end that goes on behind the answers. */
export const REST = 'rest'
/** Follow the statements: the database as a file, that file in the database's place, and SQLite's own check of it. */
export const EXPORT = 'export'
export const IMPORT = 'import'
export const CHECK = 'integrity_check'
/** Of `bigStatements` and these three. */
export const BIG_STEPS = 10

/** Of one step, in bytes: SQLite's heap and the live JS buffers beyond those before the database was opened. */
export interface Measured {
  readonly what: string
  readonly ms: number
  /** The largest sum inside the step. */
  readonly peakBytes: number
  /** The sum after it, with nothing to do. */
  readonly restBytes: number
  /** SQLite's heap after it; it never shrinks. */
  readonly heapBytes: number
}

const MIB = 1 << 20

/** A look is taken after so many bytes of the device: some thirty while all of a large database is read or written. */
export function bytesPerLookAt(megabytes: number): number {
  return Math.max(8, megabytes / 32) * MIB
}

/** What is promised, for rows under 1 MiB. */
export function memoryBounds(cacheBytes: number): { readonly peakBytesMax: number; readonly restBytesMax: number } {
  return { peakBytesMax: cacheBytes + 32 * MIB, restBytesMax: cacheBytes + 24 * MIB }
}

/** The steps that broke what is promised. */
export function beyondBounds(measured: readonly Measured[], cacheBytes: number): Measured[] {
  const { peakBytesMax, restBytesMax } = memoryBounds(cacheBytes)
  return measured.filter(({ peakBytes, restBytes }) => peakBytes > peakBytesMax || restBytes > restBytesMax)
}
