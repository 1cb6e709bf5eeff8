// What came of the last run: one statement's result at a time, or the list of all, under a line to choose by.

import { Grid } from '../grid/grid.tsx'
import { outcome, type Result, type StatementOutcome, shown, summaryOf } from '../state/outcome.ts'
import { session } from '../state/session.ts'
import { Empty } from './empty.tsx'
import { NotOpen } from './not-open.tsx'
import { PlanTree } from './plan-tree.tsx'
import { ProblemView } from './problem.tsx'
import { ResultBar } from './result-bar.tsx'
import { StatementList } from './statement-list.tsx'

export function Results() {
  const current = session.value
  const ended = outcome.value
  if (current.phase === 'failed') return <NotOpen problem={current.problem} />
  if (!ended || ended.statements.length === 0) return <Empty />
  const several = ended.statements.length > 1
  const one = shown.value === 'all' ? undefined : ended.statements[shown.value]
  return (
    <div class="results">
      <ResultBar outcome={ended} one={one} />
      <div class="result-view" id="result-view" role={several ? 'tabpanel' : undefined}>
        {one ? (
          <OneResult key={keyOf(one.result)} statement={one} rolledBack={ended.rolledBack && several} />
        ) : (
          <StatementList outcome={ended} />
        )}
      </div>
    </div>
  )
}

function OneResult({ statement, rolledBack }: { statement: StatementOutcome; rolledBack: boolean }) {
  const { result } = statement
  switch (result.kind) {
    case 'rows':
      return (
        <>
          <Grid result={result} label={`Result of ${statement.sql.slice(0, 80)}`} />
          {result.rows.length === 0 && <p class="grid-empty quiet">No rows.</p>}
        </>
      )
    case 'plan':
      return <PlanTree roots={result.roots} />
    case 'problem':
      return <ProblemView problem={result.problem} place={result.place} rolledBack={rolledBack} />
    default:
      return <p class="sentence">{result.kind === 'done' && result.statements === 1 ? 'Done' : summaryOf(result)}.</p>
  }
}

// A new result is a new grid: scrolled to its top, with nothing selected.
const keys = new WeakMap<Result, number>()
let lastKey = 0
function keyOf(result: Result): number {
  const key = keys.get(result) ?? ++lastKey
  keys.set(result, key)
  return key
}
