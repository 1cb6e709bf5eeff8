// Every workload, in the order of the table.
import { bulk } from './bulk.ts'
import { commitsAwaited, commitsConcurrent } from './commits.ts'
import { selectsAwaited, selectsGrouped, selectsInWorker } from './point-selects.ts'
import { queryRows, streamRows } from './results.ts'
import { scanCold, scanWarm } from './scan.ts'
import type { Workload } from './workload.ts'

export const WORKLOADS: readonly Workload[] = [
  bulk,
  commitsAwaited,
  commitsConcurrent,
  selectsInWorker,
  selectsAwaited,
  selectsGrouped,
  queryRows,
  streamRows,
  scanCold,
  scanWarm,
]
