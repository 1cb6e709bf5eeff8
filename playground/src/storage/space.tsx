// How much space there is, and whether the browser may take it back.
import { useSignal } from '@preact/signals'
import { formatBytes } from '../format.ts'
import { askToPersist, catalog, persisted, space } from '../state/session.ts'
import { Fact } from './fact.tsx'

export function Space() {
  const known = space.value
  return (
    <>
      <h3>Space</h3>
      {known && (
        <meter
          min={0}
          max={known.quota}
          value={known.usage}
          high={known.quota * 0.9}
          aria-label="Space that this site uses"
        />
      )}
      <dl>
        <Fact name="Database">{catalog.value ? formatBytes(catalog.value.bytes) : '…'}</Fact>
        <Fact name="Site uses">{known ? formatBytes(known.usage) : 'not told here'}</Fact>
        <Fact name="Quota">{known ? formatBytes(known.quota) : 'not told here'}</Fact>
        <Fact name="Persisted">{persisted.value === undefined ? 'not told here' : persisted.value ? 'yes' : 'no'}</Fact>
      </dl>
      {persisted.value === false && <Persist />}
      {persisted.value && <p class="quiet">The browser keeps this site's data until the user deletes it.</p>}
    </>
  )
}

function Persist() {
  const refused = useSignal(false)
  return (
    <>
      <p class="quiet">
        {refused.value
          ? 'The browser said no. It decides by itself, mostly by how much a site is used.'
          : "The browser may delete this site's data when space runs out."}
      </p>
      <button
        type="button"
        class="small"
        onClick={() =>
          void askToPersist().then((granted) => {
            refused.value = !granted
          })
        }
      >
        Ask to keep it
      </button>
    </>
  )
}
