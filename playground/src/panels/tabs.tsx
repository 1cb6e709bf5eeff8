// Which tabs have the database open, which of them runs it, and the last changes of that.
import type { Tab } from 'datasync'
import { formatAge } from '../format.ts'
import { tabs } from '../state/tabs.ts'

const ROLES = {
  leader: 'This tab runs the database.',
  follower: 'Another tab runs the database, this one asks it.',
} as const

export function Tabs() {
  const shown = tabs.value
  if (!shown) return null
  const { role, known = [], term, news } = shown
  return (
    <section class="panel tabs" aria-labelledby="tabs-title">
      <h2 id="tabs-title">Tabs</h2>
      <p class="tabs-role">
        {role === 'leader' ? 'Leader' : 'Follower'} <span class="quiet">· term {term}</span>
      </p>
      <p class="quiet">{ROLES[role]}</p>
      {known.length > 1 && <TabList known={known} />}
      {known.length === 1 && (
        <p class="quiet">
          No other tab has it open.{' '}
          <a href={location.href} target="_blank" rel="noreferrer">
            Open one
          </a>
        </p>
      )}
      {news.length > 0 && (
        <ul class="why" aria-live="polite">
          {news.map(({ atMs, text }) => (
            <li key={`${atMs} ${text}`}>
              {text} · {formatAge(Date.now() - atMs)}
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function TabList({ known }: { readonly known: readonly Tab[] }) {
  return (
    <>
      <p class="quiet">{known.length} tabs have it open.</p>
      <ul class="tabs-known" aria-label="Tabs that have it open">
        {known.map(({ id, self, leads }) => (
          <li key={id} class={leads ? 'leads' : undefined}>
            <span class="dot" aria-hidden="true" />
            <span class="mono">{id.slice(0, 6)}</span>
            {leads && <span>leads</span>}
            {self && <span class="quiet">this tab</span>}
          </li>
        ))}
      </ul>
    </>
  )
}
