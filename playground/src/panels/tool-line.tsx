// Under the editor: run, plan, history, and what the last run gave.
import { RunSummary } from '../results/run-summary.tsx'
import { running, stop } from '../state/console.ts'
import { requestRun } from '../state/draft.ts'
import { session } from '../state/session.ts'
import { HistoryMenu } from './history-menu.tsx'
import { PlanIcon, RunIcon, StopIcon } from './icons.tsx'

export function ToolLine() {
  const closed = session.value.phase !== 'open'
  return (
    <div class="tool-line" role="toolbar" aria-label="Run">
      {running.value ? (
        <button type="button" class="run" title="Escape" onClick={stop}>
          <StopIcon /> Stop
        </button>
      ) : (
        <button
          type="button"
          class="run primary"
          disabled={closed}
          title="Ctrl+Enter or Cmd+Enter"
          onClick={() => requestRun('run')}
        >
          <RunIcon /> Run
        </button>
      )}
      <button
        type="button"
        disabled={closed || Boolean(running.value)}
        aria-label="Plan"
        title="How SQLite would run it: Ctrl+Shift+Enter or Cmd+Shift+Enter"
        onClick={() => requestRun('plan')}
      >
        <PlanIcon /> <span class="wide-only">Plan</span>
      </button>
      <HistoryMenu />
      <RunSummary />
    </div>
  )
}
