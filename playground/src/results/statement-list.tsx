// All statements of a script with what came of each; those with rows lead to them.
import { formatMs } from '../format.ts'
import { type Outcome, type StatementOutcome, shown, summaryOf } from '../state/outcome.ts'

export function StatementList({ outcome }: { outcome: Outcome }) {
  return (
    <ol class="statement-list">
      {outcome.statements.map((statement, index) => (
        <li key={index}>
          <Line statement={statement} index={index} />
        </li>
      ))}
    </ol>
  )
}

function Line({ statement: { sql, result, timing }, index }: { statement: StatementOutcome; index: number }) {
  const inside = (
    <>
      <span class="tab-number">{index + 1}</span>
      <code>{sql.replaceAll(/\s+/g, ' ').slice(0, 200)}</code>
      <span class={result.kind === 'problem' ? 'bad' : undefined}>{summaryOf(result)}</span>
      <span class="quiet">{timing && formatMs(timing.totalMs)}</span>
    </>
  )
  if (result.kind === 'changes' || result.kind === 'done') return <div class="statement-line">{inside}</div>
  return (
    <button
      type="button"
      class="statement-line"
      onClick={() => {
        shown.value = index
      }}
    >
      {inside}
    </button>
  )
}
