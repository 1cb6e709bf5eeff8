// Checksums: xxHash64 for the store's own structures, and for blocks the algorithm that each carries. A block's value
// is bound to its number and sequence, so that the right bytes in the wrong place, or an old version in the right
// place, do not pass. It stands apart because the numbers of the algorithms are part of the format.
import xxhash from 'xxhash-wasm'
import { assert } from './assert.ts'
import { blake3 } from './blake3.ts'
import { crc32c } from './crc32c.ts'

export type ChecksumName = 'xxhash64' | 'crc32c' | 'blake3' | 'none'

/** Ids as stored in a block entry; never renumbered. */
export const CHECKSUM_IDS: Readonly<Record<ChecksumName, number>> = { none: 0, xxhash64: 1, crc32c: 2, blake3: 3 }
const NAMES: readonly ChecksumName[] = ['none', 'xxhash64', 'crc32c', 'blake3']

export const checksumName = (id: number): ChecksumName | undefined => NAMES[id]
export const checksumBit = (name: ChecksumName): number => 1 << CHECKSUM_IDS[name]

/** One instance serves every store of a thread: it keeps nothing between calls, and compiling takes longer than opening. */
let xxHash: ReturnType<typeof xxhash> | undefined

function loadXxHash(): ReturnType<typeof xxhash> {
  xxHash ??= xxhash().catch((error: unknown) => {
    xxHash = undefined
    throw error
  })
  return xxHash
}

export class Checksums {
  readonly #xx: (bytes: Uint8Array, seed?: bigint) => bigint
  readonly #binding = new Uint8Array(12)
  readonly #bindingView = new DataView(this.#binding.buffer)

  private constructor(xx: (bytes: Uint8Array, seed?: bigint) => bigint) {
    this.#xx = xx
  }

  static async load(): Promise<Checksums> {
    return new Checksums((await loadXxHash()).h64Raw)
  }

  /** xxHash64 of a structure whose own checksum field is zero in `bytes`. */
  structure(bytes: Uint8Array): bigint {
    return this.#xx(bytes)
  }

  /** What a record of a new term names as its predecessor. */
  acrossTerms(checksum: bigint, term: number): bigint {
    return this.#xx(new Uint8Array(new BigUint64Array([checksum, BigInt(term)]).buffer))
  }

  /** Value for block `block` as written by commit `sequence`. */
  block(algorithm: number, block: number, sequence: number, bytes: Uint8Array): bigint {
    if (algorithm === CHECKSUM_IDS.xxhash64) {
      return this.#xx(bytes, BigInt.asUintN(64, (BigInt(sequence) << 32n) ^ BigInt(block)))
    }
    if (algorithm === CHECKSUM_IDS.none) return 0n
    this.#bindingView.setUint32(0, block, true)
    this.#bindingView.setUint32(4, sequence >>> 0, true)
    this.#bindingView.setUint32(8, Math.floor(sequence / 0x1_0000_0000), true)
    if (algorithm === CHECKSUM_IDS.blake3) return blake3(this.#binding, bytes)
    assert(algorithm === CHECKSUM_IDS.crc32c, `${algorithm} is a checksum algorithm`)
    // Stored with its highest byte first.
    this.#bindingView.setUint32(0, crc32c(bytes, crc32c(this.#binding)))
    return BigInt(this.#bindingView.getUint32(0, true))
  }
}
