// Checksums: xxHash64 for the store's own structures, and for blocks the algorithm that each carries. A block's value
// is bound to its number and sequence, so that the right bytes in the wrong place, or an old version in the right
// place, do not pass. It stands apart because algorithms are loaded only where they are used.
import { createBLAKE3, createCRC32, type IHasher } from 'hash-wasm'
import xxhash from 'xxhash-wasm'
import { assert } from './assert.ts'

export type ChecksumName = 'xxhash64' | 'crc32c' | 'blake3' | 'none'

/** Ids as stored in a block entry; never renumbered. */
export const CHECKSUM_IDS: Readonly<Record<ChecksumName, number>> = { none: 0, xxhash64: 1, crc32c: 2, blake3: 3 }
const NAMES: readonly ChecksumName[] = ['none', 'xxhash64', 'crc32c', 'blake3']

export const checksumName = (id: number): ChecksumName | undefined => NAMES[id]
export const checksumBit = (name: ChecksumName): number => 1 << CHECKSUM_IDS[name]

const CASTAGNOLI = 0x82f63b78

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
  readonly #hashers = new Map<number, IHasher>()
  readonly #binding = new Uint8Array(12)
  readonly #bindingView = new DataView(this.#binding.buffer)

  private constructor(xx: (bytes: Uint8Array, seed?: bigint) => bigint) {
    this.#xx = xx
  }

  /** Loads what the given set of algorithms needs (`checksumBit` values or-ed together). */
  static async load(used: number): Promise<Checksums> {
    const checksums = new Checksums((await loadXxHash()).h64Raw)
    await checksums.add(used)
    return checksums
  }

  /** Loads further algorithms; those already there are kept. */
  async add(used: number): Promise<void> {
    if (used & checksumBit('crc32c') && !this.#hashers.has(CHECKSUM_IDS.crc32c)) {
      this.#hashers.set(CHECKSUM_IDS.crc32c, await createCRC32(CASTAGNOLI))
    }
    if (used & checksumBit('blake3') && !this.#hashers.has(CHECKSUM_IDS.blake3)) {
      this.#hashers.set(CHECKSUM_IDS.blake3, await createBLAKE3(64))
    }
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
    const hasher = this.#hashers.get(algorithm)
    assert(hasher !== undefined, `checksum algorithm ${algorithm} is loaded`)
    this.#bindingView.setUint32(0, block, true)
    this.#bindingView.setUint32(4, sequence >>> 0, true)
    this.#bindingView.setUint32(8, Math.floor(sequence / 0x1_0000_0000), true)
    const digest = hasher.init().update(this.#binding).update(bytes).digest('binary')
    let value = 0n
    for (let i = Math.min(8, digest.length) - 1; i >= 0; i--) value = (value << 8n) | BigInt(digest[i] ?? 0)
    return value
  }
}
