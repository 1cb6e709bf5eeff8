// Every workload, in the order of the table.
import { analysis } from './analysis.ts'
import { bulk, bulkInWorker } from './bulk.ts'
import { changes } from './changes.ts'
import { cities } from './cities.ts'
import { commitsAwaited, commitsConcurrent } from './commits.ts'
import { fullText } from './full-text.ts'
import { memory } from './memory.ts'
import { notes } from './notes.ts'
import { selectsAwaited, selectsGrouped, selectsInWorker } from './point-selects.ts'
import { queryRows, streamRows } from './results.ts'
import { scanAged, scanCold, scanWarm } from './scan.ts'
import { start } from './start.ts'
import { tabs } from './tabs.ts'
import type { Workload } from './workload.ts'

export const WORKLOADS: readonly Workload[] = [
  start,
  bulkInWorker,
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
  scanAged,
  analysis,
  changes,
  fullText,
  memory,
  tabs,
  notes,
  cities,
]
