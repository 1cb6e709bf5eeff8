// The tables and views of a database with their columns and row counts, as the side panel lists them. Everything is
// read through ordinary queries.
import type { Database } from 'datasync'
import { quoteName } from '../sql/quote.ts'

export interface Column {
  readonly name: string
  readonly type: string
  readonly key: boolean
}

export interface Table {
  readonly name: string
  readonly kind: 'table' | 'view'
  readonly columns: readonly Column[]
  /** Undefined for views, and where counting failed. */
  readonly rows: number | undefined
}

export interface Catalog {
  readonly tables: readonly Table[]
  readonly bytes: number
}

const COLUMNS = `
  SELECT m.name, m.type, c.name, c.type, c.pk
    FROM sqlite_schema AS m JOIN pragma_table_xinfo(m.name) AS c
   WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
   ORDER BY m.type, m.name, c.cid`

type ColumnRow = [table: string, kind: 'table' | 'view', column: string, type: string, key: number]

export async function readCatalog(db: Database): Promise<Catalog> {
  const [rows, pages, pageBytes] = await Promise.all([
    db.query<ColumnRow>(COLUMNS, [], { rowMode: 'array' }),
    db.value<number>('PRAGMA page_count'),
    db.value<number>('PRAGMA page_size'),
  ])
  const byName = new Map<string, { kind: 'table' | 'view'; columns: Column[] }>()
  for (const [table, kind, name, type, key] of rows) {
    const entry = byName.get(table) ?? { kind, columns: [] }
    entry.columns.push({ name, type, key: key > 0 })
    byName.set(table, entry)
  }
  const tables = [...byName].map(async ([name, { kind, columns }]): Promise<Table> => {
    const rows = kind === 'table' ? await countRows(db, name) : undefined
    return { name, kind, columns, rows }
  })
  return { tables: await Promise.all(tables), bytes: (pages ?? 0) * (pageBytes ?? 0) }
}

// A virtual table whose module is missing cannot be counted; the list still shows it.
function countRows(db: Database, table: string): Promise<number | undefined> {
  return db.value<number>(`SELECT count(*) FROM ${quoteName(table)}`).catch(() => undefined)
}
