// The open database's schema as a tree: tables and views, and in them columns, indexes and triggers.
import { signal } from '@preact/signals'
import { catalog, session } from '../state/session.ts'
import { TableItem } from './table-item.tsx'
import { onTreeKey } from './tree-keys.ts'

/** The item that the tab key leads to: the one that had the focus last. */
const reached = signal<string | undefined>(undefined)

export function SchemaTree() {
  const tables = catalog.value?.tables
  return (
    <section class="panel schema" aria-labelledby="tables-title">
      <h2 id="tables-title">Tables</h2>
      {tables && tables.length > 0 && (
        <div
          class="tree"
          role="tree"
          aria-labelledby="tables-title"
          onKeyDown={onTreeKey}
          onFocusIn={(event) => {
            if (event.target instanceof HTMLElement) reached.value = event.target.dataset.item
          }}
        >
          {tables.map((table, index) => (
            <TableItem
              key={table.name}
              table={table}
              tabbable={reachable(tables) ? reached.value === table.name : index === 0}
            />
          ))}
        </div>
      )}
      {tables?.length === 0 && <p class="quiet">None yet. Run an example, or load the cities.</p>}
      {!tables && <p class="quiet">{session.value.phase === 'failed' ? 'No database is open.' : 'Opening…'}</p>}
    </section>
  )
}

function reachable(tables: readonly { readonly name: string }[]): boolean {
  return tables.some(({ name }) => name === reached.value)
}
