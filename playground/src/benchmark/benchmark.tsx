// The page: what to measure, start and cancel, progress, and the rows as they come in.
import { useSignal } from '@preact/signals'
import { Choice } from './choice.tsx'
import { DATABASES, MEASURABLE, measuring, OWN, type Progress, type Result } from './measuring.ts'
import { ResultTable } from './result-table.tsx'

const SIZES = { toy: 'seconds', small: 'minutes', full: 'long' } as const
type Size = keyof typeof SIZES

/** So that a first click shows something soon. */
const FIRST_DATABASES = [OWN, 'sqlite-wasm :memory:', 'sqlite-wasm sahpool', 'raw IndexedDB']
const FIRST_ROWS = ['bulk', 'commits-awaited', 'commits-concurrent', 'selects-awaited', 'selects-grouped', 'query']

export function Benchmark() {
  const adapters = useSignal<readonly string[]>(FIRST_DATABASES)
  const workloads = useSignal<readonly string[]>(FIRST_ROWS)
  const size = useSignal<Size>('toy')
  const running = useSignal<AbortController | undefined>(undefined)
  const progress = useSignal<Progress | undefined>(undefined)
  const problem = useSignal('')

  const start = async () => {
    const controller = new AbortController()
    running.value = controller
    problem.value = ''
    const wish = { adapters: adapters.value, workloads: workloads.value, size: size.value, rounds: 3 }
    try {
      for await (const step of measuring(wish, controller.signal)) progress.value = step
    } catch (error) {
      problem.value = String(error)
    }
    running.value = undefined
  }
  const state = progress.value
  return (
    <main class="benchmark">
      <h1>
        DataSync <span class="quiet">benchmark in this browser</span>
      </h1>
      <p>
        The rows of the project's benchmark, on data of their own that is deleted afterwards. Each database says how
        durable its writes were; compare rows, and leave the browser alone meanwhile. <a href="/">Playground</a>
      </p>
      {!globalThis.crossOriginIsolated && (
        <p class="bad">
          This page is not cross-origin isolated: absurd-sql, SQLocal and the `opfs` file system will fail.
        </p>
      )}
      <fieldset disabled={running.value !== undefined}>
        <Choice label="Databases" all={DATABASES} chosen={adapters} />
        <Choice label="Rows" all={MEASURABLE.map(({ name }) => name)} chosen={workloads} />
        <label>
          Size{' '}
          <select
            value={size.value}
            onChange={({ currentTarget }) => {
              size.value = currentTarget.value as Size
            }}
          >
            {Object.entries(SIZES).map(([name, how]) => (
              <option key={name} value={name}>
                {name} ({how})
              </option>
            ))}
          </select>
        </label>
      </fieldset>
      <p class="actions">
        {running.value ? (
          <button type="button" onClick={() => running.value?.abort()}>
            Cancel
          </button>
        ) : (
          <button type="button" class="primary" onClick={() => void start()}>
            Start
          </button>
        )}
        {state && <progress max={state.all} value={state.done} />}
        <output>
          {state &&
            `${state.done} of ${state.all}${running.value ? `, ${state.now}` : state.done < state.all ? ', cancelled' : ', done'}`}
        </output>
        {state && !running.value && (
          <button type="button" onClick={() => void navigator.clipboard.writeText(JSON.stringify(state.results))}>
            Copy as JSON
          </button>
        )}
      </p>
      {problem.value && <p class="bad">{problem.value}</p>}
      {groups(state?.results ?? []).map(({ key, results }) => (
        <ResultTable key={key} results={results} />
      ))}
    </main>
  )
}

/** Like with like: a group has one level of durability, and what is in memory is in it as the limit. */
function groups(results: readonly Result[]): { readonly key: string; readonly results: readonly Result[] }[] {
  return MEASURABLE.flatMap(({ name, parts, writes }) =>
    parts.flatMap((part) =>
      (writes ? ['strict', 'relaxed'] : ['']).flatMap((level) => {
        const found = results.filter(
          (one) =>
            one.cell.workload === name &&
            one.part.name === part.name &&
            (level === '' || one.cell.durability === level || one.cell.storage === 'memory'),
        )
        const all = found.filter(({ cell }) => level !== 'relaxed' || cell.storage !== 'memory')
        return all.length === 0 ? [] : [{ key: `${part.name} ${level}`, results: all }]
      }),
    ),
  )
}
