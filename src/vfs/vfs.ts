// SQLite's file calls, registered with the official module under one name and answered by main files and shadow files.
// It stands apart from those because here alone pointers, SQLite's flags and result codes meet. No exception crosses into
// wasm: each method answers a result code and keeps the error in `failure`.
import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm'
import type { Environment } from '../environment.ts'
import { StorageError } from '../errors/errors.ts'
import { assert } from '../store/assert.ts'
import type { Blocks } from '../store/block-store-types.ts'
import { VfsFailure } from './failure.ts'
import { MainFile, type WriterSeat } from './main-file.ts'
import * as code from './result-codes.ts'
import { ShadowFile, ShadowSpace } from './shadow-files.ts'
import { WasmHeap } from './wasm-heap.ts'

export const VFS_NAME = 'datasync'
const CONNECTION_PARAMETER = 'connection'
const JULIAN_DAY_OF_1970 = 2440587.5
const DAY_MS = 86_400_000
const PATHNAME_BYTES_MAX = 512
/** SQLite's file structure holds one pointer, to its methods; its address is the file's id. */
const FILE_STRUCT_BYTES = 4

type Methods = Record<string, (...args: never[]) => number>

export class SqliteVfs {
  readonly failure = new VfsFailure()
  readonly heap: WasmHeap
  readonly shadowSpace: ShadowSpace
  readonly #sqlite3: Sqlite3Static
  readonly #blocks: Blocks
  readonly #environment: Environment
  readonly #seat: WriterSeat = { holder: undefined }
  readonly #files = new Map<number, MainFile | ShadowFile>()
  readonly #mainFiles = new Map<number, MainFile>()
  /** What connections read that were not opened on the database itself. */
  readonly #views = new Map<number, Blocks>()
  readonly #parameterName: number
  readonly #ioMethods: number
  #connections = 0

  constructor(sqlite3: Sqlite3Static, blocks: Blocks, environment: Environment) {
    const { capi, wasm } = sqlite3
    this.#sqlite3 = sqlite3
    this.#blocks = blocks
    this.#environment = environment
    this.heap = new WasmHeap(() => wasm.heap8u())
    this.shadowSpace = new ShadowSpace(blocks.scratch)
    this.#parameterName = wasm.allocCString(CONNECTION_PARAMETER, false)
    const io = new capi.sqlite3_io_methods()
    io.installMethods({ ...this.#fileMethods(), ...this.#lockMethods() }, false)
    Object.assign(io, { $iVersion: 1 })
    this.#ioMethods = io.pointer
    const vfs = new capi.sqlite3_vfs()
    vfs.installMethods(this.#vfsMethods(), false)
    vfs.$iVersion = 2
    vfs.$szOsFile = FILE_STRUCT_BYTES
    vfs.$mxPathname = PATHNAME_BYTES_MAX
    vfs.$zName = wasm.allocCString(VFS_NAME, false)
    assert(capi.sqlite3_vfs_register(vfs.pointer, 0) === code.SQLITE_OK, 'the VFS can be registered')
  }

  /** The address under which one more connection to the database (or to `view`) is opened, and its number. */
  newConnection(name: string, view?: Blocks): { readonly uri: string; readonly connection: number } {
    const connection = ++this.#connections
    if (view) this.#views.set(connection, view)
    const path = encodeURIComponent(name)
    return { uri: `file:${path}?vfs=${VFS_NAME}&${CONNECTION_PARAMETER}=${connection}`, connection }
  }

  /** The database file of an open connection. */
  mainFile(connection: number): MainFile {
    const file = this.#mainFiles.get(connection)
    assert(file !== undefined, `connection ${connection} has its database file open`)
    return file
  }

  /** Runs one file call: no call after a fatal failure, and no exception into wasm. */
  #guard(otherwise: number, call: () => number): number {
    if (this.failure.fatal !== undefined) return code.SQLITE_IOERR
    try {
      return call()
    } catch (error) {
      return this.failure.keep(error, otherwise)
    }
  }

  #guardVoid(otherwise: number, call: () => void): number {
    return this.#guard(otherwise, () => {
      call()
      return code.SQLITE_OK
    })
  }

  #fileMethods(): Methods {
    const files = this.#files
    return {
      xClose: (id: number) => {
        const file = files.get(id)
        files.delete(id)
        if (file instanceof ShadowFile) file.truncate(0)
        else if (file) {
          for (const [connection, open] of this.#mainFiles) {
            if (open !== file) continue
            this.#mainFiles.delete(connection)
            this.#views.delete(connection)
          }
          return this.#guardVoid(code.SQLITE_IOERR, () => file.close())
        }
        return code.SQLITE_OK
      },
      xRead: (id: number, pointer: number, count: number, at: bigint) => {
        const into = this.heap.bytes().subarray(pointer, pointer + count)
        return this.#guard(code.SQLITE_IOERR_READ, () => {
          const file = files.get(id)!
          if (file instanceof MainFile)
            return file.read(into, Number(at)) ? code.SQLITE_OK : code.SQLITE_IOERR_SHORT_READ
          const had = file.read(into, Number(at))
          if (had < count) into.fill(0, had)
          return had < count ? code.SQLITE_IOERR_SHORT_READ : code.SQLITE_OK
        })
      },
      xWrite: (id: number, pointer: number, count: number, at: bigint) =>
        this.#guard(code.SQLITE_IOERR_WRITE, () => {
          files.get(id)!.write(this.heap.bytes().subarray(pointer, pointer + count), Number(at))
          return code.SQLITE_OK
        }),
      xTruncate: (id: number, size: bigint) =>
        this.#guardVoid(code.SQLITE_IOERR, () => files.get(id)!.truncate(Number(size))),
      // Durability is the scheduler's business: it flushes or syncs the store once for a group of commits.
      xSync: () => code.SQLITE_OK,
      xFileSize: (id: number, result: number) =>
        this.#guard(code.SQLITE_IOERR, () => {
          const file = files.get(id)!
          this.heap.data().setBigInt64(result, BigInt(file instanceof MainFile ? file.size() : file.size), true)
          return code.SQLITE_OK
        }),
      xFileControl: (id: number, operation: number) => {
        const file = files.get(id)
        if (!(file instanceof MainFile)) return code.SQLITE_NOTFOUND
        if (operation === code.SQLITE_FCNTL_SYNC) return this.#guardVoid(code.SQLITE_IOERR, () => file.reserve())
        if (operation === code.SQLITE_FCNTL_COMMIT_PHASETWO) return this.#publish(file)
        return code.SQLITE_NOTFOUND
      },
      xSectorSize: () => this.#blocks.blockSize,
      // Both hold for the store: a commit is there as a whole or not at all, and nobody deletes an open file.
      xDeviceCharacteristics: () => code.SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN | code.SQLITE_IOCAP_POWERSAFE_OVERWRITE,
    }
  }

  /** SQLite has already given up its journal, so a commit that fails while it is published cannot be taken back by it. */
  #publish(file: MainFile): number {
    const reserved = this.#guardVoid(code.SQLITE_IOERR, () => file.reserveCut())
    if (reserved !== code.SQLITE_OK) return reserved
    try {
      file.publish()
      return code.SQLITE_OK
    } catch (error) {
      return this.failure.keepFatal(error)
    }
  }

  #lockMethods(): Methods {
    const locked = (id: number, act: (file: MainFile) => number) =>
      this.#guard(code.SQLITE_IOERR, () => {
        const file = this.#files.get(id)
        return file instanceof MainFile ? act(file) : code.SQLITE_OK
      })
    return {
      xLock: (id: number, level: number) => locked(id, (file) => file.raise(level)),
      xUnlock: (id: number, level: number) =>
        locked(id, (file) => {
          file.lower(level)
          return code.SQLITE_OK
        }),
      xCheckReservedLock: (id: number, result: number) => {
        const file = this.#files.get(id)
        this.heap.data().setInt32(result, file instanceof MainFile && file.someoneWrites() ? 1 : 0, true)
        return code.SQLITE_OK
      },
    }
  }

  #vfsMethods(): Methods {
    const { wasm } = this.#sqlite3
    const { clock, random } = this.#environment
    return {
      xOpen: (_vfs: number, name: number, id: number, flags: number, outFlags: number) => {
        // SQLite closes a file whose methods are set even if opening it failed.
        this.heap.data().setInt32(id, 0, true)
        return this.#guard(code.SQLITE_CANTOPEN, () => {
          this.#files.set(id, this.#open(name, flags))
          this.heap.data().setInt32(id, this.#ioMethods, true)
          if (outFlags) this.heap.data().setInt32(outFlags, flags, true)
          return code.SQLITE_OK
        })
      },
      xDelete: () => code.SQLITE_OK,
      xAccess: (_vfs: number, _name: number, _flags: number, result: number) => {
        this.heap.data().setInt32(result, 0, true)
        return code.SQLITE_OK
      },
      xFullPathname: (_vfs: number, name: number, size: number, into: number) =>
        wasm.cstrncpy(into, name, size) < size ? code.SQLITE_OK : code.SQLITE_CANTOPEN,
      xRandomness: (_vfs: number, count: number, into: number) => {
        this.heap.bytes().set(random.bytes(count), into)
        return count
      },
      xSleep: () => code.SQLITE_OK,
      xGetLastError: () => code.SQLITE_OK,
      xCurrentTime: (_vfs: number, result: number) => {
        this.heap.data().setFloat64(result, JULIAN_DAY_OF_1970 + clock.epochMs() / DAY_MS, true)
        return code.SQLITE_OK
      },
      xCurrentTimeInt64: (_vfs: number, result: number) => {
        const ms = BigInt(Math.round(JULIAN_DAY_OF_1970 * DAY_MS + clock.epochMs()))
        this.heap.data().setBigInt64(result, ms, true)
        return code.SQLITE_OK
      },
    }
  }

  #open(name: number, flags: number): MainFile | ShadowFile {
    if (flags & code.SQLITE_OPEN_MAIN_DB) {
      const connection = this.#connectionOf(name)
      if (connection !== this.#connections || this.#mainFiles.has(connection))
        throw new StorageError('unavailable', 'only the database itself can be opened; use import and export for files')
      const view = this.#views.get(connection)
      const file = view ? new MainFile(view, { holder: undefined }) : new MainFile(this.#blocks, this.#seat)
      this.#mainFiles.set(connection, file)
      return file
    }
    const file = new ShadowFile(this.shadowSpace)
    if (flags & code.SQLITE_OPEN_MAIN_JOURNAL) this.mainFile(this.#connectionOf(name)).journal = file
    return file
  }

  /** SQLite finds the parameters of the database's address from its journal's name as well. */
  #connectionOf(name: number): number {
    if (name === 0) return -1
    return Number(this.#sqlite3.wasm.exports.sqlite3_uri_int64(name, this.#parameterName, -1n))
  }
}
