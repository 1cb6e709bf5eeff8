// What is in a database, as the side panel lists it: tables and views with their columns, indexes and triggers, and row
// counts. Everything is read through ordinary queries.
import type { Database } from 'datasync'
import { quoteName } from '../sql/quote.ts'

export interface Column {
  readonly name: string
  readonly type: string
  readonly key: boolean
  readonly notNull: boolean
  readonly generated: boolean
}

export interface Index {
  readonly name: string
  /** Undefined for an expression. */
  readonly columns: readonly (string | undefined)[]
  readonly unique: boolean
  /** Absent for an index that a constraint made. */
  readonly sql: string | undefined
}

export interface Trigger {
  readonly name: string
  readonly sql: string
}

export interface Table {
  readonly name: string
  readonly kind: 'table' | 'view' | 'virtual'
  readonly sql: string
  readonly columns: readonly Column[]
  readonly indexes: readonly Index[]
  readonly triggers: readonly Trigger[]
  /** Undefined for views, and where counting failed or took too long. */
  readonly rows: number | undefined
}

export interface Catalog {
  readonly tables: readonly Table[]
  readonly bytes: number
}

/** Milliseconds that counting a table's rows may take. */
const COUNT_MS = 400

// Tables that belong to a virtual table (`shadow`) are its own affair.
const TABLES = `
  SELECT l.name, l.type, m.sql FROM pragma_table_list AS l JOIN sqlite_schema AS m ON m.name = l.name
   WHERE l.schema = 'main' AND l.type IN ('table', 'view', 'virtual') AND l.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
   ORDER BY l.type = 'view', l.name`
const COLUMNS = `
  SELECT m.name, c.name, c.type, c.pk, c."notnull", c.hidden
    FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c
   WHERE m.type IN ('table', 'view') AND c.hidden <> 1 ORDER BY m.name, c.cid`
const INDEXES = `
  SELECT m.name, l.name, l."unique", i.name, (SELECT sql FROM sqlite_schema WHERE type = 'index' AND name = l.name)
    FROM sqlite_schema AS m JOIN pragma_index_list(m.name) AS l JOIN pragma_index_info(l.name) AS i
   WHERE m.type = 'table' ORDER BY m.name, l.name, i.seqno`
const TRIGGERS = `SELECT tbl_name, name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name`

type TableRow = [name: string, kind: Table['kind'], sql: string]
type ColumnRow = [table: string, name: string, type: string, key: number, notNull: number, hidden: number]
type IndexRow = [table: string, name: string, unique: number, column: string | null, sql: string | null]
type TriggerRow = [table: string, name: string, sql: string]

export async function readCatalog(db: Database): Promise<Catalog> {
  const array = { rowMode: 'array' } as const
  const [tables, columns, indexes, triggers, pages, pageBytes] = await Promise.all([
    db.query<TableRow>(TABLES, [], array),
    db.query<ColumnRow>(COLUMNS, [], array),
    db.query<IndexRow>(INDEXES, [], array),
    db.query<TriggerRow>(TRIGGERS, [], array),
    db.value<number>('PRAGMA page_count'),
    db.value<number>('PRAGMA page_size'),
  ])
  const counts = await Promise.all(tables.map(([name, kind]) => (kind === 'view' ? undefined : countRows(db, name))))
  return {
    tables: tables.map(([name, kind, sql], index) => ({
      name,
      kind,
      sql,
      columns: columns.filter(([table]) => table === name).map(columnOf),
      indexes: indexesOf(indexes.filter(([table]) => table === name)),
      triggers: triggers.filter(([table]) => table === name).map(([, name, sql]) => ({ name, sql })),
      rows: counts[index],
    })),
    bytes: (pages ?? 0) * (pageBytes ?? 0),
  }
}

function columnOf([, name, type, key, notNull, hidden]: ColumnRow): Column {
  return { name, type, key: key > 0, notNull: notNull === 1, generated: hidden > 1 }
}

function indexesOf(rows: readonly IndexRow[]): Index[] {
  const names = [...new Set(rows.map(([, name]) => name))]
  return names.map((name) => {
    const own = rows.filter((row) => row[1] === name)
    const columns = own.map((row) => row[3] ?? undefined)
    return { name, columns, unique: own[0]?.[2] === 1, sql: own[0]?.[4] ?? undefined }
  })
}

// A virtual table whose module is missing cannot be counted; the list still shows it.
function countRows(db: Database, table: string): Promise<number | undefined> {
  return db
    .value<number>(`SELECT count(*) FROM ${quoteName(table)}`, [], { timeoutMs: COUNT_MS })
    .catch(() => undefined)
}
