// Which tab runs the database, and how the others reach it.
import { session } from '../state/session.ts'

const ROLES = {
  leader: 'This tab runs the database.',
} as const

export function Tabs() {
  const current = session.value
  if (current.phase !== 'open') return null
  const { role } = current.db.info
  return (
    <section class="panel" aria-labelledby="tabs-title">
      <h2 id="tabs-title">Tabs</h2>
      <p class="quiet">{ROLES[role]}</p>
    </section>
  )
}
