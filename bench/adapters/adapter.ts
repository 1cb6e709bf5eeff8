// What a database must be able to do to be measured. One file of this folder per database, written as its users would
// write it; the workloads know only this. It runs in the page.

export type Value = null | number | string | Uint8Array
export type Row = Readonly<Record<string, unknown>>
export type Storage = 'opfs' | 'indexeddb' | 'memory'
export type Durability = 'strict' | 'relaxed'

export interface OpenWish {
  readonly name: string
  readonly storage: Storage
  readonly durability: Durability
  /** Of its page cache, the same for all; absent: its own default. */
  readonly cacheBytes?: number | undefined
}

/** `sql`: any statement. */
export type Ability = 'sql'

export interface Adapter {
  readonly name: string
  readonly lacks?: readonly Ability[]
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
  /** Bytes of its wasm heap, where it can tell. */
  wasmHeapBytes(): Promise<number | undefined>
  close(): Promise<void>
}
