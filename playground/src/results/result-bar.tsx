// The line above a result: which of several, where its time went, and its export.
import type { Outcome, StatementOutcome } from '../state/outcome.ts'
import { ExportMenu } from './export-menu.tsx'
import { ResultTabs } from './result-tabs.tsx'
import { TimingSplit } from './timing.tsx'

export function ResultBar({ outcome, one }: { outcome: Outcome; one: StatementOutcome | undefined }) {
  const several = outcome.statements.length > 1
  const rows = one?.result.kind === 'rows' ? one.result : undefined
  if (!several && !rows && !one?.timing) return null
  return (
    <div class="result-bar">
      {several && <ResultTabs statements={outcome.statements} />}
      {one?.timing && <TimingSplit timing={one.timing} />}
      {rows && <ExportMenu result={rows} />}
    </div>
  )
}
