// Instead of results: the database that could not be opened, why, and another try.
import type { Problem } from '../state/problem.ts'
import { openDatabase, session } from '../state/session.ts'
import { ProblemView } from './problem.tsx'

export function NotOpen({ problem }: { problem: Problem }) {
  const { wish } = session.value
  return (
    <div class="empty">
      <h2>{wish.name} could not be opened</h2>
      <ProblemView problem={problem} />
      <button type="button" class="primary" onClick={() => void openDatabase(wish)}>
        Try again
      </button>
    </div>
  )
}
