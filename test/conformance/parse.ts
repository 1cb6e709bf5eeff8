// Reads the text of a sqllogictest file into records. It does no I/O and runs nothing. What it does not know is an error
// with its line, never skipped: a record that is not run would count as one that holds.
import type {
  Condition,
  ConformanceRecord,
  ErrorPattern,
  QueryOutcome,
  QueryRecord,
  ResultMode,
  SortMode,
  StatementOutcome,
  StatementRecord,
} from './records.ts'

const SORT_MODES: readonly string[] = ['nosort', 'rowsort', 'valuesort'] satisfies SortMode[]
const RESULT_MODES: readonly string[] = ['auto', 'valuewise', 'rowwise'] satisfies ResultMode[]
const SEPARATOR = '----'

/** A file that cannot be read as records. */
export class ParseError extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(message)
    this.name = 'ParseError'
    this.line = line
  }
}

/** The records of a file in order. Throws ParseError. */
export function parseConformance(text: string): ConformanceRecord[] {
  return new Parser(text).records()
}

class Parser {
  readonly #lines: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#lines = text.replace(/^\ufeff/, '').split(/\r?\n/)
  }

  records(): ConformanceRecord[] {
    const records: ConformanceRecord[] = []
    let conditions: Condition[] = []
    for (; this.#at < this.#lines.length; ) {
      const line = this.#at + 1
      const text = this.#lines[this.#at++]!.trimEnd()
      if (text.startsWith('#')) continue
      if (text === '') {
        if (conditions.length > 0) throw new ParseError(line, 'a condition is followed by no record')
        continue
      }
      const condition = /^(skipif|onlyif)\s+(\S+)/.exec(text)
      if (condition) {
        conditions.push({ kind: condition[1] === 'skipif' ? 'skipif' : 'onlyif', label: condition[2]!.toLowerCase() })
        continue
      }
      records.push(this.#record(text, line, conditions))
      conditions = []
    }
    if (conditions.length > 0) throw new ParseError(this.#lines.length, 'a condition is followed by no record')
    return records
  }

  #record(text: string, line: number, conditions: readonly Condition[]): ConformanceRecord {
    const [keyword, ...words] = text.split(/\s+/)
    const [first, second] = words
    switch (keyword) {
      case 'halt':
        return { type: 'halt', line, conditions }
      case 'hash-threshold':
        if (!/^\d+$/.test(first ?? '')) throw new ParseError(line, `hash-threshold needs a number, not ${first}`)
        return { type: 'hash-threshold', line, conditions, values: Number(first) }
      case 'control':
        if (first === 'sortmode' && isSortMode(second)) return { type: 'sortmode', line, conditions, mode: second }
        if (first === 'resultmode' && isResultMode(second))
          return { type: 'resultmode', line, conditions, mode: second }
        throw new ParseError(line, `"${text}" is no control that is known here`)
      case 'statement':
        return { ...this.#statement(text, first, second, line), conditions }
      case 'query':
        return { ...this.#query(text, words, line), conditions }
      default:
        throw new ParseError(line, `"${keyword}" begins no record that is known here`)
    }
  }

  #statement(text: string, kind: string | undefined, word: string | undefined, line: number): StatementRecord {
    const sql = this.#sql(line)
    return { type: 'statement', line, conditions: [], sql, outcome: this.#statementOutcome(text, kind, word, line) }
  }

  #statementOutcome(text: string, kind: string | undefined, word: string | undefined, line: number): StatementOutcome {
    if (kind === 'error') return { kind, pattern: this.#errorPattern(text, line) }
    if (this.#lines[this.#at - 1] === SEPARATOR) throw new ParseError(this.#at, 'only a query has a result')
    if (kind === 'ok') return { kind }
    if (kind === 'count' && /^\d+$/.test(word ?? '')) return { kind, count: Number(word) }
    throw new ParseError(line, `"${text}" is no statement record: ok, error or count N is expected`)
  }

  #query(text: string, words: readonly string[], line: number): QueryRecord {
    const sql = this.#sql(line)
    if (words[0] === 'error') {
      const outcome: QueryOutcome = { kind: 'error', pattern: this.#errorPattern(text, line) }
      return { type: 'query', line, conditions: [], sql, types: '', sort: undefined, label: undefined, outcome }
    }
    const [types = '', ...rest] = words
    if (!/^[IRTQ]+$/.test(types)) throw new ParseError(line, `"${types}" is no list of the column types I, R, T and Q`)
    const sort = isSortMode(rest[0]) ? rest[0] : undefined
    const [label, more] = sort ? rest.slice(1) : rest
    if (more !== undefined) throw new ParseError(line, `"${more}" follows the label`)
    if (this.#lines[this.#at - 1] !== SEPARATOR) throw new ParseError(line, `a query needs ${SEPARATOR} and its result`)
    const outcome: QueryOutcome = { kind: 'rows', lines: this.#block() }
    return { type: 'query', line, conditions: [], sql, types, sort, label, outcome }
  }

  /** Reads up to and with the blank line or the separator that ends the SQL. */
  #sql(line: number): string {
    const lines: string[] = []
    while (this.#at < this.#lines.length) {
      const text = this.#lines[this.#at++]!
      if (text.trim() === '' || text === SEPARATOR) break
      lines.push(text)
    }
    if (lines.length === 0) throw new ParseError(line, 'the record has no SQL')
    return lines.join('\n')
  }

  #block(): string[] {
    const lines: string[] = []
    while (this.#at < this.#lines.length) {
      const text = this.#lines[this.#at++]!
      if (text === '') break
      lines.push(text)
    }
    return lines
  }

  #errorPattern(text: string, line: number): ErrorPattern {
    const inline = text.replace(/^\S+\s+error\s*/, '')
    if (this.#lines[this.#at - 1] === SEPARATOR) {
      if (inline !== '') throw new ParseError(line, 'an error has one message, either beside it or below the SQL')
      return this.#block().join('\n').trim()
    }
    if (inline === '') return undefined
    try {
      return new RegExp(inline)
    } catch (cause) {
      throw new ParseError(line, `"${inline}" is no regular expression: ${cause}`)
    }
  }
}

function isSortMode(word: string | undefined): word is SortMode {
  return word !== undefined && SORT_MODES.includes(word)
}

function isResultMode(word: string | undefined): word is ResultMode {
  return word !== undefined && RESULT_MODES.includes(word)
}
