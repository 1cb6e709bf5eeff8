// `datasync/testing`: databases in memory, simulated tabs and deaths, for tests of applications in Node. It stands apart so
// that none of it reaches a page. Importing it does nothing. It has all of `datasync`, so that it can stand in for it:
// vi.mock('datasync', () => import('datasync/testing')).

export * from '../errors/errors.ts'
export type * from '../index.ts'
export { SqlFragment, sql } from '../index.ts'
export { SimulatedBrowser, type SimulatedDatabaseEntry } from './browser.ts'
export { type CrashOptions, crash, killTab } from './crash.ts'
export { deleteDatabase, listDatabases, open } from './default-browser.ts'
