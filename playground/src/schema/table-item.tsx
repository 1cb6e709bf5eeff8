// One table or view of the tree: pressing it queries it, opening it shows what it is made of.
import { useSignal } from '@preact/signals'
import { formatNumber } from '../format.ts'
import { ChevronIcon, IndexIcon, TableIcon, TriggerIcon, ViewIcon } from '../panels/icons.tsx'
import { displayName } from '../sql/quote.ts'
import type { Column, Index, Table } from '../state/catalog.ts'
import { showSql } from '../state/draft.ts'
import { Leaf } from './leaf.tsx'

const ROWS_SHOWN = 1000

export function TableItem({ table, tabbable }: { table: Table; tabbable: boolean }) {
  const expanded = useSignal(false)
  const select = `SELECT * FROM ${displayName(table.name)} LIMIT ${ROWS_SHOWN};\n`
  return (
    <div
      role="treeitem"
      aria-expanded={expanded.value}
      aria-label={`${table.kind} ${table.name}`}
      data-item={table.name}
      tabIndex={tabbable ? 0 : -1}
    >
      <div class="tree-line">
        <button
          type="button"
          class="icon-button expander"
          tabIndex={-1}
          aria-label={`Parts of ${table.name}`}
          onClick={() => {
            expanded.value = !expanded.value
          }}
        >
          <ChevronIcon />
        </button>
        <button
          type="button"
          class="row-button tree-action"
          tabIndex={-1}
          title={`Select from ${table.name}`}
          onClick={() => showSql(select, { run: true })}
        >
          {table.kind === 'view' ? <ViewIcon /> : <TableIcon />}
          <span class="mono">{table.name}</span>
          <span class="count">{countOf(table)}</span>
        </button>
      </div>
      {expanded.value && <Parts table={table} />}
    </div>
  )
}

function Parts({ table }: { table: Table }) {
  return (
    <div role="group" class="tree-parts">
      {table.columns.map((column) => (
        <Leaf key={`column ${column.name}`} label={column.name} detail={typeOf(column)} mark={markOf(column)} />
      ))}
      {table.indexes.map((index) => (
        <Leaf
          key={`index ${index.name}`}
          icon={<IndexIcon />}
          label={columnsOf(index)}
          mark={index.unique ? 'unique' : undefined}
          title={index.name}
          sql={index.sql}
        />
      ))}
      {table.triggers.map((trigger) => (
        <Leaf key={`trigger ${trigger.name}`} icon={<TriggerIcon />} label={trigger.name} sql={trigger.sql} />
      ))}
      <Leaf label={table.kind === 'view' ? 'CREATE VIEW …' : 'CREATE TABLE …'} sql={table.sql} />
    </div>
  )
}

function countOf({ kind, rows }: Table): string {
  if (kind === 'view') return 'view'
  return rows === undefined ? '' : formatNumber(rows)
}

function typeOf({ type, generated }: Column): string {
  return `${type.toLowerCase() || 'any'}${generated ? ' generated' : ''}`
}

function markOf({ key, notNull }: Column): string | undefined {
  return key ? 'key' : notNull ? 'not null' : undefined
}

function columnsOf({ columns }: Index): string {
  return columns.map((name) => name ?? 'expression').join(', ')
}
