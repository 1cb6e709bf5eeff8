// The open database's tables and views: click to query one, expand to see its columns.
import { useSignal } from '@preact/signals'
import { formatNumber } from '../format.ts'
import { displayName } from '../sql/quote.ts'
import type { Table } from '../state/catalog.ts'
import { showSql } from '../state/draft.ts'
import { catalog, session } from '../state/session.ts'
import { ChevronIcon, TableIcon, ViewIcon } from './icons.tsx'

const ROWS_SHOWN = 1000

export function Tables() {
  const tables = catalog.value?.tables
  return (
    <section class="panel" aria-labelledby="tables-title">
      <h2 id="tables-title">Tables</h2>
      {tables && tables.length > 0 && (
        <ul class="table-list">
          {tables.map((table) => (
            <TableEntry key={table.name} table={table} />
          ))}
        </ul>
      )}
      {tables?.length === 0 && <p class="quiet">None yet. Run an example, or load the cities.</p>}
      {!tables && <p class="quiet">{session.value.phase === 'failed' ? 'No database is open.' : 'Opening…'}</p>}
    </section>
  )
}

function TableEntry({ table }: { table: Table }) {
  const expanded = useSignal(false)
  const name = displayName(table.name)
  return (
    <li>
      <div class="table-line">
        <button
          type="button"
          class="icon-button expander"
          aria-expanded={expanded.value}
          aria-label={`Columns of ${table.name}`}
          onClick={() => {
            expanded.value = !expanded.value
          }}
        >
          <ChevronIcon />
        </button>
        <button
          type="button"
          class="row-button"
          title={`Select from ${table.name}`}
          onClick={() => showSql(`SELECT * FROM ${name} LIMIT ${ROWS_SHOWN};\n`, { run: true })}
        >
          {table.kind === 'table' ? <TableIcon /> : <ViewIcon />}
          <span class="mono">{table.name}</span>
          <span class="count">
            {table.kind === 'view' ? 'view' : table.rows === undefined ? '?' : formatNumber(table.rows)}
          </span>
        </button>
      </div>
      {expanded.value && (
        <ul class="column-list">
          {table.columns.map((column) => (
            <li key={column.name}>
              <span class="mono">{column.name}</span>
              <span class="quiet mono">{column.type.toLowerCase() || 'any'}</span>
              {column.key && <span class="key">key</span>}
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}
