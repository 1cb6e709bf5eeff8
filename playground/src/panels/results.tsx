// What came of the last run: rows in the grid, a sentence for everything else, or the error.
import { formatMs } from '../format.ts'
import { Grid } from '../grid/grid.tsx'
import { type Outcome, outcome, summary } from '../state/outcome.ts'
import type { Problem } from '../state/problem.ts'
import { openDatabase, session } from '../state/session.ts'

export function Results() {
  const current = session.value
  const result = outcome.value
  if (current.phase === 'failed') return <NotOpen problem={current.problem} />
  if (!result) return <Empty />
  return (
    <div class="results">
      {result.kind === 'rows' && result.columns.length > 0 && <Grid key={runKey(result)} result={result} />}
      {result.kind === 'rows' && result.rows.length === 0 && <p class="grid-empty quiet">No rows.</p>}
      {result.kind === 'changes' && <Sentence text={`${summary(result)}.`} />}
      {result.kind === 'script' && <Sentence text={`${summary(result)} ran.`} />}
      {result.kind === 'problem' && <ProblemView problem={result.problem} place={result.place} />}
    </div>
  )
}

// A new result is a new grid: scrolled to its top, with nothing selected.
const keys = new WeakMap<Outcome, number>()
let lastKey = 0
function runKey(result: Outcome): number {
  const key = keys.get(result) ?? ++lastKey
  keys.set(result, key)
  return key
}

/** Rows and time of the last run, for the tool line. */
export function RunSummary() {
  const result = outcome.value
  if (!result) return <output class="run-summary" />
  return (
    <output class={result.kind === 'problem' ? 'run-summary bad' : 'run-summary'}>
      {summary(result)} <span class="quiet">· {formatMs(result.ms)}</span>
    </output>
  )
}

function Sentence({ text }: { text: string }) {
  return <p class="sentence">{text}</p>
}

function ProblemView({ problem, place }: { problem: Problem; place?: string | undefined }) {
  return (
    <div class="problem" role="alert">
      <code>{problem.code}</code>
      {place && <span class="quiet"> at {place}</span>}
      <p>{problem.message}</p>
      {problem.retryable && <p class="quiet">Trying again may help.</p>}
    </div>
  )
}

function NotOpen({ problem }: { problem: Problem }) {
  const { wish } = session.value
  return (
    <div class="empty">
      <h2>{wish.name} could not be opened</h2>
      <ProblemView problem={problem} />
      <button type="button" class="primary" onClick={() => void openDatabase(wish)}>
        Try again
      </button>
    </div>
  )
}

function Empty() {
  return (
    <div class="empty">
      <p>Results appear here.</p>
      <p class="quiet">
        <kbd>Ctrl</kbd> or <kbd>⌘</kbd> <kbd>Enter</kbd> runs the selection, or everything.
        <br />
        <kbd>Alt</kbd> <kbd>↑</kbd> brings back what was run before.
      </p>
    </div>
  )
}
