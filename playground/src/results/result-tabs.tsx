// One tab per statement that has something to show, and one for the list of all. Arrow keys move between them.
import { type StatementOutcome, shown, summaryOf } from '../state/outcome.ts'

export function ResultTabs({ statements }: { statements: readonly StatementOutcome[] }) {
  const visible = statements.flatMap(({ result }, index) =>
    result.kind === 'rows' || result.kind === 'plan' || result.kind === 'problem' ? [{ result, index }] : [],
  )
  const places: (number | 'all')[] = ['all', ...visible.map(({ index }) => index)]
  const onKeyDown = (event: KeyboardEvent & { currentTarget: HTMLElement }) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0
    const at = places.indexOf(shown.value) + step
    const next = places[at]
    if (step === 0 || next === undefined) return
    event.preventDefault()
    shown.value = next
    event.currentTarget.querySelectorAll('button')[at]?.focus()
  }
  return (
    <div class="result-tabs" role="tablist" aria-label="Results" onKeyDown={onKeyDown}>
      <Tab place="all">All {statements.length}</Tab>
      {visible.map(({ result, index }) => (
        <Tab key={index} place={index} bad={result.kind === 'problem'}>
          <span class="tab-number">{index + 1}</span> {summaryOf(result)}
        </Tab>
      ))}
    </div>
  )
}

interface TabProps {
  place: number | 'all'
  bad?: boolean
  children: preact.ComponentChildren
}

function Tab({ place, bad = false, children }: TabProps) {
  const selected = shown.value === place
  return (
    <button
      type="button"
      role="tab"
      class={bad ? 'tab bad' : 'tab'}
      aria-selected={selected}
      aria-controls="result-view"
      tabIndex={selected ? 0 : -1}
      onClick={() => {
        shown.value = place
      }}
    >
      {children}
    </button>
  )
}
