// What a sqllogictest file consists of, once parsed. It stands apart from the parser and the executor, which share
// nothing else. Lines are counted from 1.

export type SortMode = 'nosort' | 'rowsort' | 'valuesort'
export type ResultMode = 'auto' | 'valuewise' | 'rowwise'

/** `skipif` and `onlyif`: whether a record is for the engine under test. */
export interface Condition {
  readonly kind: 'skipif' | 'onlyif'
  readonly label: string
}

/** What an error has to look like; undefined: any error will do. */
export type ErrorPattern = RegExp | string | undefined

export type StatementOutcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'error'; readonly pattern: ErrorPattern }

export type QueryOutcome =
  | { readonly kind: 'rows'; readonly lines: readonly string[] }
  | { readonly kind: 'error'; readonly pattern: ErrorPattern }

interface Placed {
  readonly line: number
  readonly conditions: readonly Condition[]
}

export interface StatementRecord extends Placed {
  readonly type: 'statement'
  readonly sql: string
  readonly outcome: StatementOutcome
}

export interface QueryRecord extends Placed {
  readonly type: 'query'
  readonly sql: string
  /** One letter per column: I, R, T, and this project's Q. */
  readonly types: string
  /** Undefined: the mode that `control sortmode` set. */
  readonly sort: SortMode | undefined
  /** Queries with one label must give one result. */
  readonly label: string | undefined
  readonly outcome: QueryOutcome
}

export type ConformanceRecord =
  | StatementRecord
  | QueryRecord
  | (Placed & { readonly type: 'halt' })
  | (Placed & { readonly type: 'hash-threshold'; readonly values: number })
  | (Placed & { readonly type: 'sortmode'; readonly mode: SortMode })
  | (Placed & { readonly type: 'resultmode'; readonly mode: ResultMode })
