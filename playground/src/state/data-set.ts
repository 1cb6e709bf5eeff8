// The state of the one-click data set: not there, being loaded, there, or why not.
import { computed, signal } from '@preact/signals'
import { loadCities, type Progress } from '../data/cities.ts'
import { cityExamples } from '../data/examples.ts'
import { formatMs, formatNumber } from '../format.ts'
import { showSql } from './draft.ts'
import { loadEnd } from './outcome.ts'
import { describeError } from './problem.ts'
import { catalog, refresh, session } from './session.ts'

export const loading = signal<{ readonly progress: Progress; readonly controller: AbortController } | undefined>(
  undefined,
)
export const citiesLoaded = computed(() =>
  Boolean(catalog.value?.tables.some((table) => table.name === 'cities' && table.rows)),
)

/** Loads the cities and shows the first query on them. */
export async function loadDataSet(): Promise<void> {
  const current = session.value
  if (current.phase !== 'open' || loading.value) return
  const controller = new AbortController()
  loadEnd.value = undefined
  loading.value = { progress: { label: 'Starting', done: 0 }, controller }
  const started = performance.now()
  try {
    const count = await loadCities(current.db, controller.signal, (progress) => {
      loading.value = { progress, controller }
    })
    loadEnd.value = { text: `${formatNumber(count)} cities in ${formatMs(performance.now() - started)}` }
  } catch (error) {
    loadEnd.value = controller.signal.aborted
      ? { text: 'Cancelled; nothing was changed.' }
      : { text: 'The load failed; nothing was changed.', problem: describeError(error) }
  }
  loading.value = undefined
  await refresh()
  const first = cityExamples[0]
  if (citiesLoaded.value && first) showSql(first.sql, { run: true })
}

export function cancelLoad(): void {
  loading.value?.controller.abort()
}
