// Where the open database lives and what that means: which storage and why, durability, space, and its file.

import { formatMs, formatNumber } from '../format.ts'
import { type Session, session } from '../state/session.ts'
import { Fact } from './fact.tsx'
import { FileButtons } from './file-buttons.tsx'
import { DURABILITY_MEANS, STORAGE_NAMES } from './names.ts'
import { Space } from './space.tsx'

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
      <p class="storage-kind">
        {STORAGE_NAMES[info.storage]} <span class="quiet">· {info.durability}</span>
      </p>
      <p class="quiet">{info.storage === 'memory' ? 'Gone when the tab closes.' : DURABILITY_MEANS[info.durability]}</p>
      <h3>Why this storage</h3>
      <ul class="why">
        {info.why.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
      <Space />
      <h3>File</h3>
      <FileButtons />
      <h3>Details</h3>
      <dl>
        <Fact name="SQLite">{info.sqliteVersion}</Fact>
        <Fact name="Block size">{formatNumber(info.blockSize)} B</Fact>
        <Fact name="Checksum">{info.checksum}</Fact>
        <Fact name="Opened in">{formatMs(openedInMs)}</Fact>
      </dl>
    </>
  )
}
