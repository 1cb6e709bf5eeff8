// What a database must be able to do to be measured. One file of this folder per database, written as its users would
// write it; the workloads know only this. It runs in the page.
import type { Task } from '../workloads/tasks.ts'

export type Value = null | number | string | Uint8Array
export type Row = Readonly<Record<string, unknown>>
export type Storage = 'opfs' | 'indexeddb' | 'memory' | 'file'
export type Durability = 'strict' | 'relaxed'

export interface OpenWish {
  readonly name: string
  readonly storage: Storage
  readonly durability: Durability
  /** Of its page cache, the same for all; absent: its own default. */
  readonly cacheBytes?: number | undefined
  /** The application is in the worker, beside the database. */
  readonly inWorker?: boolean | undefined
}

/**
 * `sql`: any statement; `in-worker`: the application can be where the database is; `page-cache`: its size can be chosen, so
 * that a database is far larger.
 */
export type Ability = 'sql' | 'fts5' | 'rtree' | 'in-worker' | 'page-cache'

export interface Adapter {
  readonly name: string
  readonly lacks?: readonly Ability[]
  /** The storages on which several pages can have the same database open. */
  readonly tabs?: readonly Storage[]
  /** Outside the browser, in Node: the outer limit. */
  readonly native?: boolean
  /** What it really does at this level, in a few words; undefined where it cannot be opened so at all. */
  durability(storage: Storage, level: Durability): string | undefined
  open(wish: OpenWish): Promise<Connection>
  /** Deletes the database, if there is one. */
  remove(name: string): Promise<void>
}

export interface Connection {
  /** Any number of statements. */
  exec(script: string): Promise<void>
  /** One write, as durable as was asked for when the promise resolves. */
  run(sql: string, parameters: readonly Value[]): Promise<void>
  /** One statement for many rows in one transaction, in the fastest way that there is. */
  runMany(sql: string, rows: Iterable<readonly Value[]>): Promise<void>
  /** All rows as objects. */
  query(sql: string, parameters?: readonly Value[]): Promise<readonly Row[]>
  /** Many reads given at once, in the way that costs the least between page and worker; the rows of each. */
  queryAll(sql: string, parameters: readonly (readonly Value[])[]): Promise<readonly (readonly Row[])[]>
  /** Rows as objects, as they come. */
  stream(sql: string): AsyncIterable<Row>
  /** Does work of an application that is in the worker; only if it was opened so. */
  task?(task: Task, count: number): Promise<void>
  /** Bytes of its wasm heap, where it can tell. */
  wasmHeapBytes(): Promise<number | undefined>
  close(): Promise<void>
}
