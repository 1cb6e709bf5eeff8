// The open database: SQLite on the block store, its one writer connection and its readers. It stands apart from the
// scheduler, which decides who may use them when.
import { assert } from '../store/assert.ts'
import type { Blocks } from '../store/block-store-types.ts'
import { Connection } from './connection.ts'
import { RowPacker } from './packing.ts'
import { READS_MAX, ReaderPool } from './reader-pool.ts'
import type { SqliteInstance } from './sqlite-instance.ts'

const HEAP_BYTES_BESIDE_CACHE = 32 << 20

export interface DatabaseOptions {
  readonly name: string
  /** SQLite's page caches together; the writer takes three quarters. */
  readonly cacheBytes: number
  /** Larger rows are sent in pieces. */
  readonly rowBytesMax: number
}

export class Database {
  readonly blocks: Blocks
  readonly #options: DatabaseOptions
  #instance: SqliteInstance
  #packer: RowPacker
  #writer: Connection
  #readers: ReaderPool

  constructor(instance: SqliteInstance, blocks: Blocks, options: DatabaseOptions) {
    this.#instance = instance
    this.blocks = blocks
    this.#options = options
    this.#packer = this.newPacker()
    this.#writer = this.#connect(0.75)
    this.#readers = this.#newReaders()
  }

  get instance(): SqliteInstance {
    return this.#instance
  }

  get packer(): RowPacker {
    return this.#packer
  }

  /** True once SQLite's memory, which never shrinks, is larger than its caches account for. */
  get swollen(): boolean {
    return this.#instance.heap.bytes().length > this.#options.cacheBytes + HEAP_BYTES_BESIDE_CACHE
  }

  get readers(): ReaderPool {
    return this.#readers
  }

  get writer(): Connection {
    return this.#writer
  }

  /** For a statement that others run beside. */
  newPacker(): RowPacker {
    return new RowPacker(this.instance, this.#options.rowBytesMax)
  }

  /** Throws away the writer's temporary objects and attached databases, with the connection that holds them. */
  renewWriter(): void {
    this.#writer.close()
    this.#writer = this.#connect(0.75)
  }

  /** Closes all connections, none of which may be in use; to be followed by `connect` or nothing. */
  disconnect(): void {
    this.#readers.close()
    this.#writer.close()
  }

  /** Opens the connections again, on what the store holds now. */
  connect(): void {
    this.#writer = this.#connect(0.75)
    this.#readers = this.#newReaders()
  }

  /** A connection of its own to something else than the database, to be closed by the caller. */
  connectTo(view: Blocks): Connection {
    return new Connection(this.instance, { name: 'view', blockSize: view.blockSize, cacheBytes: 2 << 20, view })
  }

  /** Goes on with another SQLite in place of the one so far; no connection may be in use. Clients notice nothing. */
  replaceInstance(begin: () => SqliteInstance): void {
    this.close()
    this.#instance = begin()
    this.#packer = this.newPacker()
    this.connect()
  }

  close(): void {
    this.disconnect()
    assert(this.instance.parameters.live === 0, 'all parameter buffers have been released')
  }

  #newReaders(): ReaderPool {
    const share = 0.25 / READS_MAX
    return new ReaderPool((small) => this.#connect(small ? 0 : share), this.instance.environment.clock)
  }

  #connect(share: number): Connection {
    const { name, cacheBytes } = this.#options
    return new Connection(this.instance, { name, blockSize: this.blocks.blockSize, cacheBytes: cacheBytes * share })
  }
}
