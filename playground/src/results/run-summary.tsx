// What the last run gave and how long it took, for the tool line; while one is going, how far it is.
import { formatMs } from '../format.ts'
import { running } from '../state/console.ts'
import { outcome, summary } from '../state/outcome.ts'

export function RunSummary() {
  const ended = outcome.value
  const now = running.value
  if (now && now.total > 1)
    return <output class="run-summary quiet">{`statement ${now.done + 1} of ${now.total}`}</output>
  if (!ended || now) return <output class="run-summary quiet">{now && 'Running…'}</output>
  const failed = ended.statements.at(-1)?.result.kind === 'problem'
  return (
    <output class={failed ? 'run-summary bad' : 'run-summary'}>
      {summary(ended)} <span class="quiet">· {formatMs(ended.ms)}</span>
    </output>
  )
}
