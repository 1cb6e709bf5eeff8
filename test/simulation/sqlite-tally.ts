// What a run of the simulation has tried, so that its end shows whether it tried enough of everything.
export interface Tally {
  crashes: number
  recoveryCrashes: number
  /** Recoveries with the quota used up. */
  tightRecoveries: number
  checkedBySqlite: number
  processes: number
  /** Processes that ended by closing, and were opened again. */
  closed: number
  latched: number
  commits: number
  answered: number
  refused: number
  /** Sent again to another process. */
  repeated: number
  reads: number
  streams: number
  /** Reads inside a transaction that sees one snapshot. */
  snapshotReads: number
  /** Successful requests without a commit, compared with the oracle. */
  changedNothing: number
  /** Requests that failed with the oracle's code. */
  failedAlike: number
  /** Transactions without a commit, compared step by step. */
  takenBack: number
  /** Answers SQLITE_FULL. */
  full: number
  timeouts: number
  cancelled: number
  /** Commits of bulks in several parts. */
  bulks: number
  /** Crashes by what died how, where. */
  readonly cells: Map<string, number>
}

export const newTally = (): Tally => ({
  crashes: 0,
  recoveryCrashes: 0,
  tightRecoveries: 0,
  checkedBySqlite: 0,
  processes: 0,
  closed: 0,
  latched: 0,
  commits: 0,
  answered: 0,
  refused: 0,
  repeated: 0,
  reads: 0,
  streams: 0,
  snapshotReads: 0,
  changedNothing: 0,
  failedAlike: 0,
  takenBack: 0,
  full: 0,
  timeouts: 0,
  cancelled: 0,
  bulks: 0,
  cells: new Map(),
})
