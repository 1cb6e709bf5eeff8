// Which tab runs the database, how many have it open, and the last changes of that.
import { formatAge } from '../format.ts'
import { tabs } from '../state/tabs.ts'

const ROLES = {
  leader: 'This tab runs the database.',
  follower: 'Another tab runs the database, this one asks it.',
} as const

export function Tabs() {
  const known = tabs.value
  if (!known) return null
  const { role, count, term, news } = known
  return (
    <section class="panel tabs" aria-labelledby="tabs-title">
      <h2 id="tabs-title">Tabs</h2>
      <p class="tabs-role">
        {role === 'leader' ? 'Leader' : 'Follower'} <span class="quiet">· term {term}</span>
      </p>
      <p class="quiet">{ROLES[role]}</p>
      {count !== undefined && (
        <p class="quiet">
          {count > 1 ? `${count} tabs have it open.` : 'No other tab has it open. '}
          {count <= 1 && (
            <a href={location.href} target="_blank" rel="noreferrer">
              Open one
            </a>
          )}
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
