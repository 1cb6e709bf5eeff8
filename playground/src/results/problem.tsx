// An error: its code, its place in the SQL, what happened, and whether anything of it stayed.
import type { Problem } from '../state/problem.ts'

interface ProblemProps {
  problem: Problem
  place?: string | undefined
  rolledBack?: boolean
}

export function ProblemView({ problem, place, rolledBack = false }: ProblemProps) {
  return (
    <div class="problem" role="alert">
      <code>{problem.code}</code>
      {place && <span class="quiet"> at {place}</span>}
      <p>{problem.message}</p>
      {rolledBack && <p class="quiet">The script ran as one transaction, so nothing of it was kept.</p>}
      {problem.retryable && <p class="quiet">Trying again may help.</p>}
    </div>
  )
}
