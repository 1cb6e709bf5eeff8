// `datasync/node`: the same databases with the same API on a file system, for tests, tools and servers. It stands apart so
// that no page's bundle ever meets Node's modules. Importing it does nothing.

export * from '../errors/errors.ts'
export type * from '../index.ts'
export { SqlFragment, sql } from '../index.ts'
export { deleteDatabase, listDatabases, type NodeDatabaseEntry, type NodeStoredOptions } from './databases.ts'
export { type NodeOpenOptions, open } from './open.ts'
