// The memory of a torture, outside of every browser: what each tab was told by its promises, to be compared with what is
// stored in the end, and the last events of each tab, to be read when the two differ.
import type { TortureReport, TortureReports } from './reports.ts'

/** Events per tab that a failure shows. */
const EVENTS_MAX = 60
const LEADER_LOST = 'leader-lost'
/** Allowed only while a frozen page may hold what others need. */
const WHILE_FROZEN: ReadonlySet<string> = new Set(['timeout', 'busy'])

/** One unit as it is stored: its name, its rows, how many of these differ, how many there should be. */
export type StoredUnit = readonly [unit: string, rows: number, different: number, wanted: number]

export interface Verdict {
  readonly leaderChanges: number
  readonly acknowledged: number
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  readonly hung: readonly string[]
  readonly unexpected: readonly string[]
}

export class Oracle {
  readonly #startedMs = Date.now()
  readonly #acknowledged = new Map<string, number>()
  /** Units of which it was said that they were not applied. */
  readonly #refused = new Set<string>()
  readonly #events = new Map<number, string[]>()
  readonly #terms = new Set<number>()
  readonly #lost: string[] = []
  readonly #hung: string[] = []
  readonly #unexpected: string[] = []
  readonly errors = new Map<string, number>()
  #frozenUntilMs = 0
  /** The tab that said last that it leads. */
  leader: number | undefined

  get leaderChanges(): number {
    return Math.max(0, this.#terms.size - 1)
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  /** A page is frozen, or was until now; its traces are felt for `ms`. */
  frozen(ms: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, performance.now() + ms)
  }

  /** Takes the body of a report. */
  take(body: string): void {
    const { tab, page, reports }: TortureReports = JSON.parse(body)
    for (const report of reports) this.#take(tab, page, report)
  }

  /** Remembers what was done to a tab, or happened to it. */
  note(tab: number, text: string, atMs = Date.now()): void {
    const events = this.#events.get(tab) ?? []
    this.#events.set(tab, events)
    events.push(`${((atMs - this.#startedMs) / 1000).toFixed(2)} s  ${text}`)
    if (events.length > EVENTS_MAX) events.shift()
  }

  unexpected(text: string): void {
    this.#unexpected.push(text)
  }

  /** What is wrong already, whatever is found in the end. */
  get problems(): readonly string[] {
    return [...this.#lost, ...this.#hung, ...this.#unexpected]
  }

  /** True once something is wrong that no later event can put right. */
  get failed(): boolean {
    return this.problems.length > 0
  }

  /** The last events of every tab. */
  log(): string {
    return [...this.#events]
      .sort(([a], [b]) => a - b)
      .map(([tab, events]) => `tab ${tab}:\n  ${events.join('\n  ')}`)
      .join('\n')
  }

  /** Compares what was promised with what is stored. */
  judge(stored: readonly StoredUnit[]): Verdict {
    const doubled: string[] = []
    const lost = [...this.#lost]
    const unexpected = [...this.#unexpected]
    const there = new Map<string, number>()
    for (const [unit, rows, different, wanted] of stored) {
      there.set(unit, rows)
      if (rows > different) doubled.push(`${unit}: ${rows} rows, ${different} different`)
      if (different !== wanted) lost.push(`${unit}: ${different} of ${wanted} rows`)
      if (this.#refused.has(unit)) unexpected.push(`${unit} is there, which was said not to be applied`)
    }
    for (const unit of this.#acknowledged.keys()) if (!there.has(unit)) lost.push(`${unit}: acknowledged, not there`)
    const { leaderChanges, acknowledged } = this
    return { leaderChanges, acknowledged, lost, doubled, hung: this.#hung, unexpected }
  }

  #take(tab: number, page: string, report: TortureReport & { readonly atMs: number }): void {
    const note = (text: string) => this.note(tab, text, report.atMs)
    switch (report.type) {
      case 'acknowledged':
        this.#acknowledged.set(report.unit, report.rows)
        return
      case 'term':
        this.#terms.add(report.term)
        if (report.role === 'leader') this.leader = tab
        note(`${page} ${report.role} of term ${report.term} (${report.why})`)
        return
      case 'hung':
        this.#hung.push(`tab ${tab}, page ${page}: ${report.what}`)
        note(`${page} HUNG: ${report.what}`)
        return
      case 'wrong':
        this.#lost.push(`tab ${tab}, page ${page}: ${report.text}`)
        note(`${page} WRONG: ${report.text}`)
        return
      case 'note':
        note(`${page} ${report.text}`)
        return
      case 'failed':
        this.#failed(tab, page, report, note)
        return
      default:
        report satisfies never
    }
  }

  #failed(
    tab: number,
    page: string,
    failure: Extract<TortureReport, { type: 'failed' }>,
    note: (text: string) => void,
  ): void {
    const { what, unit, name, code, applied, message } = failure
    const key = applied ? `${code} ${applied}` : code
    this.errors.set(key, (this.errors.get(key) ?? 0) + 1)
    if (applied === 'no' && unit) this.#refused.add(unit)
    if (applied === 'yes' && unit) this.#acknowledged.set(unit, 0)
    const frozen = performance.now() < this.#frozenUntilMs
    const expected = code === LEADER_LOST || code === 'closed' || (frozen && WHILE_FROZEN.has(code))
    const text = `${page} ${what}: ${name} (${key}) ${message}`
    note(expected ? text : `UNEXPECTED ${text}`)
    if (!expected) this.#unexpected.push(`tab ${tab}, page ${text}`)
  }
}

/** The last line of every torture. */
export function verdictLine({ leaderChanges, acknowledged, lost, doubled, hung, unexpected }: Verdict): string {
  return `leader changes ${leaderChanges}, acknowledged ${acknowledged}, lost ${lost.length}, doubled ${doubled.length}, hung ${hung.length}, unexpected errors ${unexpected.length}`
}
