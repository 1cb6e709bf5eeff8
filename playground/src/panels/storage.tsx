// Where the open database lives and what that means: storage, why, durability, role, space.
import type { ComponentChildren } from 'preact'
import { formatBytes, formatMs, formatNumber } from '../format.ts'
import { askToPersist, catalog, persisted, type Session, session, space } from '../state/session.ts'
import { STORAGE_NAMES } from './top-bar.tsx'

const DURABILITY = {
  strict: 'An answered write survives a crash and a power cut.',
  relaxed: 'An answered write survives a crash; a power cut may take the last moments.',
} as const

export function Storage() {
  const current = session.value
  return (
    <section class="panel storage" aria-labelledby="storage-title">
      <h2 id="storage-title">Storage</h2>
      {current.phase === 'open' ? <Facts session={current} /> : <p class="quiet">No database is open.</p>}
    </section>
  )
}

function Facts({ session: { db, openedInMs } }: { session: Extract<Session, { phase: 'open' }> }) {
  const { info } = db
  return (
    <>
      <dl>
        <Fact name="Storage">{STORAGE_NAMES[info.storage]}</Fact>
        <Fact name="Durability">{info.durability}</Fact>
        <Fact name="Role">{info.role}</Fact>
        <Fact name="SQLite">{info.sqliteVersion}</Fact>
        <Fact name="Block size">{formatNumber(info.blockSize)} B</Fact>
        <Fact name="Checksum">{info.checksum}</Fact>
        <Fact name="Opened in">{formatMs(openedInMs)}</Fact>
        <Fact name="Database">{catalog.value ? formatBytes(catalog.value.bytes) : '…'}</Fact>
        <Fact name="Site uses">
          {space.value ? `${formatBytes(space.value.usage)} of ${formatBytes(space.value.quota)}` : 'not told here'}
        </Fact>
        <Fact name="Persisted">{persisted.value === undefined ? 'not told here' : persisted.value ? 'yes' : 'no'}</Fact>
      </dl>
      {persisted.value === false && (
        <p class="quiet">
          The browser may delete this site's data when space runs out.{' '}
          <button type="button" class="link" onClick={() => void askToPersist()}>
            Ask it not to
          </button>
        </p>
      )}
      <h3>Durability</h3>
      <p class="quiet">{info.storage === 'memory' ? 'Gone when the tab closes.' : DURABILITY[info.durability]}</p>
      <h3>Why this storage</h3>
      <ul class="why">
        {info.why.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </>
  )
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}
