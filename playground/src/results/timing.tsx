// Where a statement's time went: a bar of its four parts and their milliseconds.
import type { CallTiming } from 'datasync'
import { formatMs } from '../format.ts'

const PARTS = [
  { key: 'queueMs', name: 'queue', means: 'behind other requests' },
  { key: 'runMs', name: 'run', means: 'in SQLite, in the worker' },
  { key: 'transferMs', name: 'transfer', means: 'between page and worker; a write also waits until it is durable' },
  { key: 'decodeMs', name: 'decode', means: 'making rows of what arrived' },
] as const

export function TimingSplit({ timing }: { timing: CallTiming }) {
  const total = Math.max(timing.totalMs, 0.001)
  return (
    <div class="timing">
      <div class="timing-bar" aria-hidden="true">
        {PARTS.map(({ key, name }) => (
          <span key={key} class={`timing-${name}`} style={{ flexGrow: timing[key] / total }} />
        ))}
      </div>
      <dl>
        {PARTS.map(({ key, name, means }) => (
          <div key={key} title={means}>
            <dt class={`timing-${name}`}>{name}</dt>
            <dd>{formatMs(timing[key])}</dd>
          </div>
        ))}
      </dl>
    </div>
  )
}
