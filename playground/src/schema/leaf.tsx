// A leaf of the schema's tree; one that has a CREATE statement shows it in the editor when it is pressed.
import type { ComponentChildren } from 'preact'
import { showSql } from '../state/draft.ts'

interface LeafProps {
  label: string
  icon?: ComponentChildren
  detail?: string
  mark?: string | undefined
  title?: string
  sql?: string | undefined
}

export function Leaf({ label, icon, detail, mark, title, sql }: LeafProps) {
  const inside = (
    <>
      {icon}
      <span class="mono">{label}</span>
      {detail && <span class="quiet mono">{detail}</span>}
      {mark && <span class="mark">{mark}</span>}
    </>
  )
  return (
    <div role="treeitem" tabIndex={-1} title={title}>
      <div class="tree-line">
        {sql === undefined ? (
          <div class="tree-leaf">{inside}</div>
        ) : (
          <button
            type="button"
            class="tree-leaf tree-action"
            tabIndex={-1}
            onClick={() => showSql(`${sql};\n`, { run: false })}
          >
            {inside}
          </button>
        )}
      </div>
    </div>
  )
}
