// One click to real data: 171 000 cities, with progress and a way out.
import { cancelLoad, citiesLoaded, loadDataSet, loading } from '../state/data-set.ts'
import { loadEnd } from '../state/outcome.ts'
import { session } from '../state/session.ts'

export function DataSet() {
  const busy = loading.value
  const end = loadEnd.value
  return (
    <section class="panel" aria-labelledby="data-set-title">
      <h2 id="data-set-title">Data set</h2>
      <p class="data-set-text">
        Cities of the world: 171,075 rows from{' '}
        <a href="https://www.geonames.org/" target="_blank" rel="noreferrer">
          GeoNames
        </a>{' '}
        <span class="quiet">(CC BY 4.0)</span>
      </p>
      <div class="load-line">
        {busy ? (
          <>
            <span class="quiet">{busy.progress.label}</span>
            <button type="button" class="small" onClick={cancelLoad}>
              Cancel
            </button>
          </>
        ) : (
          <button
            type="button"
            class={citiesLoaded.value ? undefined : 'primary'}
            disabled={session.value.phase !== 'open'}
            onClick={() => void loadDataSet()}
          >
            {citiesLoaded.value ? 'Load again' : 'Load the cities'}
          </button>
        )}
        {!busy && citiesLoaded.value && !end && <span class="quiet">Already here.</span>}
      </div>
      <div class="load-end" role="status">
        {busy && <progress value={busy.progress.done} max={1} aria-label="Loading the cities" />}
        {!busy && <LoadEnd />}
      </div>
    </section>
  )
}

function LoadEnd() {
  const end = loadEnd.value
  if (!end) return null
  return (
    <p class={end.problem ? 'bad' : 'quiet'}>
      {end.text}
      {end.problem && ` ${end.problem.code}: ${end.problem.message}`}
    </p>
  )
}
