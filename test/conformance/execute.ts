// Runs the records of one file on a session, in order. A record that fails does not stop the ones behind it. It knows
// nothing of files and storages.
import { difference, type Rendered, renderResult } from './compare.ts'
import type {
  Condition,
  ConformanceRecord,
  ErrorPattern,
  QueryRecord,
  ResultMode,
  SortMode,
  StatementRecord,
} from './records.ts'
import { render } from './render.ts'
import { type ConformanceSession, describeError } from './session.ts'

export interface Failure {
  readonly line: number
  readonly message: string
}

export interface FileResult {
  readonly passed: number
  readonly skipped: number
  readonly failures: readonly Failure[]
}

/** Runs all records. `labels` are the names by which conditions may call the engine, in lower case. */
export function execute(
  session: ConformanceSession,
  records: readonly ConformanceRecord[],
  labels: ReadonlySet<string>,
): Promise<FileResult> {
  return new Execution(session, labels).run(records)
}

class Execution {
  readonly #session: ConformanceSession
  readonly #engine: ReadonlySet<string>
  readonly #results = new Map<string, { readonly line: number; readonly hash: string }>()
  #hashThreshold = 0
  #sort: SortMode = 'nosort'
  #mode: ResultMode = 'auto'

  constructor(session: ConformanceSession, labels: ReadonlySet<string>) {
    this.#session = session
    this.#engine = labels
  }

  async run(records: readonly ConformanceRecord[]): Promise<FileResult> {
    const failures: Failure[] = []
    let passed = 0
    let skipped = 0
    for (const record of records) {
      const isTest = record.type === 'statement' || record.type === 'query'
      if (!this.#applies(record.conditions)) {
        if (isTest) skipped += 1
        continue
      }
      if (record.type === 'halt') break
      if (record.type === 'hash-threshold') this.#hashThreshold = record.values
      if (record.type === 'sortmode') this.#sort = record.mode
      if (record.type === 'resultmode') this.#mode = record.mode
      if (!isTest) continue
      const message = await (record.type === 'query' ? this.#query(record) : this.#statement(record))
      if (message === undefined) passed += 1
      else failures.push({ line: record.line, message })
    }
    return { passed, skipped, failures }
  }

  #applies(conditions: readonly Condition[]): boolean {
    return conditions.every(({ kind, label }) => this.#engine.has(label) === (kind === 'onlyif'))
  }

  async #statement({ sql, outcome }: StatementRecord): Promise<string | undefined> {
    let changed: number | undefined
    try {
      if (outcome.kind === 'count') changed = await this.#session.run(sql)
      else await this.#session.exec(sql)
    } catch (error) {
      return outcome.kind === 'error' ? otherError(error, outcome.pattern) : unexpected(error)
    }
    if (outcome.kind === 'error') return 'an error was expected, but the statement succeeded'
    if (outcome.kind === 'ok' || changed === outcome.count) return undefined
    return `${outcome.count} changed rows were expected, not ${changed}`
  }

  async #query(record: QueryRecord): Promise<string | undefined> {
    const { sql, types, outcome, label } = record
    const sort = record.sort ?? this.#sort
    let rendered: Rendered
    try {
      const rows = await this.#session.query(sql)
      if (outcome.kind === 'error') return 'an error was expected, but the query succeeded'
      const other = rows.find((row) => row.length !== types.length)
      if (other) return `${types.length} columns were expected, not ${other.length}`
      const texts = rows.map((row) => row.map((value, column) => render(value, types[column]!)))
      rendered = await renderResult(texts, sort)
    } catch (error) {
      return outcome.kind === 'error' ? otherError(error, outcome.pattern) : unexpected(error)
    }
    const { lines } = outcome
    const expectation = { lines, columns: types.length, sort, mode: this.#mode, hashThreshold: this.#hashThreshold }
    return difference(rendered, expectation) ?? this.#sameAsLabelled(record.line, label, rendered.hash)
  }

  #sameAsLabelled(line: number, label: string | undefined, hash: string): string | undefined {
    if (label === undefined) return undefined
    const earlier = this.#results.get(label)
    if (!earlier) this.#results.set(label, { line, hash })
    if (!earlier || earlier.hash === hash) return undefined
    return `the result is not that of the query labelled ${label} in line ${earlier.line}`
  }
}

function otherError(error: unknown, pattern: ErrorPattern): string | undefined {
  const text = describeError(error)
  if (pattern === undefined) return undefined
  const matches = typeof pattern === 'string' ? text.includes(pattern) : pattern.test(text)
  return matches ? undefined : `an error like ${pattern} was expected, not ${text}`
}

function unexpected(error: unknown): string {
  return `an unexpected error: ${describeError(error)}`
}
