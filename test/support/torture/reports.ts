// What a tab of the torture tells. It stands apart because the page and the driver share it.

export type TortureReport =
  /** All rows of a unit were acknowledged. */
  | { readonly type: 'acknowledged'; readonly unit: string; readonly rows: number }
  /** A call rejected; `unit` if it was a write. */
  | {
      readonly type: 'failed'
      readonly what: string
      readonly unit?: string
      readonly name: string
      readonly code: string
      readonly applied?: string
      readonly message: string
    }
  /** A promise did not settle in its time. */
  | { readonly type: 'hung'; readonly what: string }
  /** A promise settled, but with something that is not true. */
  | { readonly type: 'wrong'; readonly text: string }
  /** The engine in use is of this term. */
  | { readonly type: 'term'; readonly term: number; readonly role: string; readonly why: string }
  | { readonly type: 'note'; readonly text: string }

/** The body of one `POST /report`. */
export interface TortureReports {
  readonly tab: number
  /** Made anew by each load of the page. */
  readonly page: string
  /** With the wall clock of the machine that both run on. */
  readonly reports: readonly (TortureReport & { readonly atMs: number })[]
}
