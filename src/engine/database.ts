// The open database: SQLite on the block store, its one writer connection and its readers. It stands apart from the
// scheduler, which decides who may use them when.
import { assert } from '../store/assert.ts'
import type { Blocks } from '../store/block-store-types.ts'
import { Connection } from './connection.ts'
import { RowPacker } from './packing.ts'
import { ReaderPool } from './reader-pool.ts'
import type { SqliteInstance } from './sqlite-instance.ts'

const READERS_MAX = 8

export interface DatabaseOptions {
  readonly name: string
  /** SQLite's page caches together; the writer takes three quarters. */
  readonly cacheBytes: number
}

export class Database {
  readonly instance: SqliteInstance
  readonly blocks: Blocks
  readonly readers: ReaderPool
  readonly packer: RowPacker
  readonly #options: DatabaseOptions
  #writer: Connection

  constructor(instance: SqliteInstance, blocks: Blocks, options: DatabaseOptions) {
    this.instance = instance
    this.blocks = blocks
    this.#options = options
    this.packer = new RowPacker(instance)
    this.#writer = this.#connect(0.75)
    const share = 0.25 / READERS_MAX
    this.readers = new ReaderPool(() => this.#connect(share), instance.environment.clock, READERS_MAX)
  }

  get writer(): Connection {
    return this.#writer
  }

  /** Throws away the writer's temporary objects and attached databases, with the connection that holds them. */
  renewWriter(): void {
    this.#writer.close()
    this.#writer = this.#connect(0.75)
  }

  close(): void {
    this.readers.close()
    this.#writer.close()
    assert(this.instance.parameters.live === 0, 'all parameter buffers have been released')
  }

  #connect(share: number): Connection {
    const { name, cacheBytes } = this.#options
    return new Connection(this.instance, { name, blockSize: this.blocks.blockSize, cacheBytes: cacheBytes * share })
  }
}
