// EXPLAIN QUERY PLAN as the tree that it describes. SQLite gives it as rows of id, parent, an unused number and a text.

export interface PlanNode {
  readonly detail: string
  /** `scan`: reads a whole table. `search`: finds its rows by a key. `sort`: needs a temporary b-tree. */
  readonly kind: 'scan' | 'search' | 'sort' | 'other'
  readonly children: readonly PlanNode[]
}

const EXPLAINED = /^\s*EXPLAIN\s+QUERY\s+PLAN\b/i

export function isPlanQuery(sql: string): boolean {
  return EXPLAINED.test(sql)
}

export function planTree(rows: readonly (readonly unknown[])[]): PlanNode[] {
  interface Growing extends PlanNode {
    readonly children: Growing[]
  }
  const roots: Growing[] = []
  const byId = new Map<unknown, Growing>()
  for (const [id = null, parent = null, , text = null] of rows) {
    const detail = String(text)
    const node: Growing = { detail, kind: kindOf(detail), children: [] }
    byId.set(id, node)
    const above = byId.get(parent)?.children ?? roots
    above.push(node)
  }
  return roots
}

function kindOf(detail: string): PlanNode['kind'] {
  if (detail.startsWith('SEARCH')) return 'search'
  if (detail.startsWith('USE TEMP B-TREE')) return 'sort'
  // A constant row and a virtual table's own index are no walk through a table.
  return /^SCAN(?! CONSTANT ROW)(?!.*VIRTUAL TABLE INDEX)/.test(detail) ? 'scan' : 'other'
}
