// The checksums that are computed in plain arithmetic: by vectors that others published, and against another
// implementation for random content of every length around the borders of their blocks and chunks.
import fc from 'fast-check'
import { createBLAKE3, createCRC32 } from 'hash-wasm'
import { expect, test } from 'vitest'
import { blake3 } from '../../src/store/blake3.ts'
import { CHECKSUM_IDS, Checksums } from '../../src/store/checksum.ts'
import { crc32c } from '../../src/store/crc32c.ts'

const CASTAGNOLI = 0x82f63b78
const otherCrc = await createCRC32(CASTAGNOLI)
const otherBlake3 = await createBLAKE3(64)

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)
const counting = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index % 251)
/** The first eight bytes of a digest in hexadecimal, as specifications print it. */
const printed = (value: bigint): string => {
  const bytes = new DataView(new ArrayBuffer(8))
  bytes.setBigUint64(0, value, true)
  return bytes.getBigUint64(0).toString(16).padStart(16, '0')
}

test('CRC-32C gives the values of RFC 3720, B.4', () => {
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => index))).toBe(0x46dd794e)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, index) => 31 - index))).toBe(0x113fdb5c)
  expect(crc32c(ascii('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(0))).toBe(0)
})

test('BLAKE3 gives the values of its published test vectors', () => {
  // From test_vectors.json of the reference implementation: input length, first eight bytes of the hash.
  expect(printed(blake3(counting(0)))).toBe('af1349b9f5f9a1a6')
  expect(printed(blake3(counting(1)))).toBe('2d3adedff11b61f1')
  expect(printed(blake3(counting(1024)))).toBe('42214739f095a406')
  expect(printed(blake3(counting(1025)))).toBe('d00278ae47eb27b3')
  expect(printed(blake3(counting(31744)))).toBe('62b6960e1a44bcc1')
})

test('both agree with another implementation for content of any length and alignment', () => {
  const around = (middle: number) => fc.integer({ min: Math.max(0, middle - 9), max: middle + 9 })
  const length = fc.oneof(...[0, 64, 1024, 2048, 3072, 4096, 7168, 16384, 65536].map(around), fc.nat(20_000))
  fc.assert(
    fc.property(length, fc.nat(7), fc.integer(), (bytes, shift, seed) => {
      const memory = new Uint8Array(bytes + shift)
      let state = seed | 1
      for (let index = 0; index < memory.length; index++) {
        state = Math.imul(state, 1664525) + 1013904223
        memory[index] = state >>> 24
      }
      const content = memory.subarray(shift)
      expect(crc32c(content).toString(16).padStart(8, '0')).toBe(otherCrc.init().update(content).digest())
      expect(printed(blake3(content))).toBe(otherBlake3.init().update(content).digest())
    }),
    { numRuns: 200 },
  )
})

test('content in parts has the checksum of the whole', () => {
  const whole = counting(5000)
  for (const at of [0, 1, 12, 1024, 4999]) {
    expect(blake3(whole.subarray(0, at), whole.subarray(at))).toBe(blake3(whole))
    expect(crc32c(whole.subarray(at), crc32c(whole.subarray(0, at)))).toBe(crc32c(whole))
  }
})

test('the checksums of a block are those that stores written earlier hold', async () => {
  const checksums = await Checksums.load()
  const block = counting(4096)
  const sequence = 7 * 2 ** 32 + 5
  const binding = new Uint8Array(new Uint32Array([3, 5, 7]).buffer)
  for (const [name, other] of [
    ['crc32c', otherCrc],
    ['blake3', otherBlake3],
  ] as const) {
    const digest = other.init().update(binding).update(block).digest('binary').subarray(0, 8)
    const value = digest.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
    expect(checksums.block(CHECKSUM_IDS[name], 3, sequence, block)).toBe(value)
  }
})
