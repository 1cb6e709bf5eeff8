// A query plan as a tree; what reads a whole table or has to sort stands out.
import type { PlanNode } from '../state/plan.ts'

const MEANS = { scan: 'whole table', search: 'by key', sort: 'sorts', other: undefined } as const

export function PlanTree({ roots }: { roots: readonly PlanNode[] }) {
  if (roots.length === 0) return <p class="sentence">SQLite has no plan for this statement: it reads no table.</p>
  return (
    <div class="plan">
      <Branch nodes={roots} label="Query plan" />
    </div>
  )
}

function Branch({ nodes, label }: { nodes: readonly PlanNode[]; label?: string }) {
  return (
    <ul aria-label={label}>
      {nodes.map((node, index) => (
        <li key={index}>
          <div class="plan-node">
            <code>{node.detail}</code>
            {MEANS[node.kind] && <span class={`plan-kind ${node.kind}`}>{MEANS[node.kind]}</span>}
          </div>
          {node.children.length > 0 && <Branch nodes={node.children} />}
        </li>
      ))}
    </ul>
  )
}
