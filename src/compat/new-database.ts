// What the older configuration asks of a database: sizes for every opening, and what only a new one can be given. It stands
// apart because that must be done once, whoever of several tabs comes first.

import type { Database, OpenOptions } from '../index.ts'
import type { DatabaseConfig } from './published-types.ts'

const PAGE_BYTES = 4096

/** The options of `open` for `cache_size` and `page_size`. SQLite's negative cache sizes, in KiB, are understood too. */
export function sizesOf({ cache_size: pages, page_size: blockSize }: DatabaseConfig): OpenOptions {
  const cache =
    pages !== undefined &&
    ({
      cacheBytes: pages < 0 ? -pages * 1024 : pages * (blockSize ?? PAGE_BYTES),
      pragmas: { cache_size: pages },
    } satisfies OpenOptions)
  return { ...(blockSize !== undefined && { blockSize }), ...cache }
}

/** Gives a database that holds nothing yet its version and kind of vacuum; does nothing to any other. */
export async function prepareNewDatabase(database: Database, config: DatabaseConfig): Promise<void> {
  const { version, auto_vacuum: autoVacuum } = config
  if (version === undefined && !autoVacuum) return
  if ((await database.value('PRAGMA page_count')) !== 0) return
  // Inside a transaction it would be too late for this one, so it is only wished for here, and written below.
  if (autoVacuum) await database.exec('PRAGMA auto_vacuum = INCREMENTAL')
  await database.transaction(async (tx) => {
    // Another tab may have been faster, and may have gone on from there.
    const isNew = (await tx.value('SELECT count(*) FROM sqlite_schema')) === 0
    if (isNew && (await tx.value('PRAGMA user_version')) === 0)
      await tx.exec(`PRAGMA user_version = ${Math.trunc(version ?? 0)}`)
  })
}
