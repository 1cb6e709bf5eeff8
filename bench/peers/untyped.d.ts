// What is used of the peers that have no types of their own.
declare module 'absurd-sql' {
  export class SQLiteFS {
    constructor(fileSystem: unknown, backend: unknown)
  }
}
declare module 'absurd-sql/dist/indexeddb-backend.js' {
  export default class IndexedDBBackend {}
}
declare module 'absurd-sql/dist/indexeddb-main-thread.js' {
  export function initBackend(worker: Worker): void
}
declare module '@jlongster/sql.js' {
  export interface SqlJsStatement {
    bind(parameters: readonly unknown[]): boolean
    step(): boolean
    reset(): void
    free(): void
    getAsObject(): Record<string, unknown>
  }
  export interface SqlJsDatabase {
    exec(sql: string): unknown
    prepare(sql: string): SqlJsStatement
    close(): void
  }
  export interface SqlJs {
    readonly FS: { mkdir(path: string): void; mount(type: unknown, options: object, path: string): void }
    readonly Database: new (path: string, options: { readonly filename: true }) => SqlJsDatabase
    register_for_idb(files: unknown): void
  }
  export default function initSqlJs(options: { locateFile(file: string): string }): Promise<SqlJs>
}
declare module '@journeyapps/wa-sqlite/dist/*' {
  export default function load(): Promise<unknown>
}
declare module '@journeyapps/wa-sqlite/src/examples/*' {
  export const AccessHandlePoolVFS: { create(name: string, module: unknown): Promise<SQLiteVFS> }
  export const OPFSCoopSyncVFS: { create(name: string, module: unknown): Promise<SQLiteVFS> }
  export const OPFSWriteAheadVFS: { create(name: string, module: unknown): Promise<SQLiteVFS> }
  export const OPFSAdaptiveVFS: { create(name: string, module: unknown): Promise<SQLiteVFS> }
  export const IDBMirrorVFS: { create(name: string, module: unknown): Promise<SQLiteVFS> }
  export const IDBBatchAtomicVFS: { create(name: string, module: unknown): Promise<SQLiteVFS> }
}
