// BLAKE3's compression function, its eight mixings per round written out: with the state in local variables it is four
// times as fast as with a loop over an array. It stands apart because it is the one part of BLAKE3 that has to be fast,
// and the one that only looks like this for that reason.

/** The first words of BLAKE3's key, where none is given. */
export const IV = [
  0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
] as const

const ROUNDS = 7

const rotate = (word: number, bits: number): number => (word >>> bits) | (word << (32 - bits))

/**
 * Replaces the chaining value `cv` by what it becomes with a block: the 16 words of `words` from `at`, of which the first
 * `length` bytes count (the others are zero). `counter` is the number of the chunk, `flags` says where the block stands.
 */
export function compress(
  cv: Int32Array,
  words: Int32Array,
  at: number,
  counter: number,
  length: number,
  flags: number,
): void {
  let m0 = words[at] as number
  let m1 = words[at + 1] as number
  let m2 = words[at + 2] as number
  let m3 = words[at + 3] as number
  let m4 = words[at + 4] as number
  let m5 = words[at + 5] as number
  let m6 = words[at + 6] as number
  let m7 = words[at + 7] as number
  let m8 = words[at + 8] as number
  let m9 = words[at + 9] as number
  let m10 = words[at + 10] as number
  let m11 = words[at + 11] as number
  let m12 = words[at + 12] as number
  let m13 = words[at + 13] as number
  let m14 = words[at + 14] as number
  let m15 = words[at + 15] as number
  let v0 = cv[0] as number
  let v1 = cv[1] as number
  let v2 = cv[2] as number
  let v3 = cv[3] as number
  let v4 = cv[4] as number
  let v5 = cv[5] as number
  let v6 = cv[6] as number
  let v7 = cv[7] as number
  let v8: number = IV[0]
  let v9: number = IV[1]
  let v10: number = IV[2]
  let v11: number = IV[3]
  let v12 = counter
  let v13 = 0
  let v14 = length
  let v15 = flags
  for (let round = 1; ; round++) {
    v0 = (v0 + v4 + m0) | 0
    v12 = rotate(v12 ^ v0, 16)
    v8 = (v8 + v12) | 0
    v4 = rotate(v4 ^ v8, 12)
    v0 = (v0 + v4 + m1) | 0
    v12 = rotate(v12 ^ v0, 8)
    v8 = (v8 + v12) | 0
    v4 = rotate(v4 ^ v8, 7)
    v1 = (v1 + v5 + m2) | 0
    v13 = rotate(v13 ^ v1, 16)
    v9 = (v9 + v13) | 0
    v5 = rotate(v5 ^ v9, 12)
    v1 = (v1 + v5 + m3) | 0
    v13 = rotate(v13 ^ v1, 8)
    v9 = (v9 + v13) | 0
    v5 = rotate(v5 ^ v9, 7)
    v2 = (v2 + v6 + m4) | 0
    v14 = rotate(v14 ^ v2, 16)
    v10 = (v10 + v14) | 0
    v6 = rotate(v6 ^ v10, 12)
    v2 = (v2 + v6 + m5) | 0
    v14 = rotate(v14 ^ v2, 8)
    v10 = (v10 + v14) | 0
    v6 = rotate(v6 ^ v10, 7)
    v3 = (v3 + v7 + m6) | 0
    v15 = rotate(v15 ^ v3, 16)
    v11 = (v11 + v15) | 0
    v7 = rotate(v7 ^ v11, 12)
    v3 = (v3 + v7 + m7) | 0
    v15 = rotate(v15 ^ v3, 8)
    v11 = (v11 + v15) | 0
    v7 = rotate(v7 ^ v11, 7)
    v0 = (v0 + v5 + m8) | 0
    v15 = rotate(v15 ^ v0, 16)
    v10 = (v10 + v15) | 0
    v5 = rotate(v5 ^ v10, 12)
    v0 = (v0 + v5 + m9) | 0
    v15 = rotate(v15 ^ v0, 8)
    v10 = (v10 + v15) | 0
    v5 = rotate(v5 ^ v10, 7)
    v1 = (v1 + v6 + m10) | 0
    v12 = rotate(v12 ^ v1, 16)
    v11 = (v11 + v12) | 0
    v6 = rotate(v6 ^ v11, 12)
    v1 = (v1 + v6 + m11) | 0
    v12 = rotate(v12 ^ v1, 8)
    v11 = (v11 + v12) | 0
    v6 = rotate(v6 ^ v11, 7)
    v2 = (v2 + v7 + m12) | 0
    v13 = rotate(v13 ^ v2, 16)
    v8 = (v8 + v13) | 0
    v7 = rotate(v7 ^ v8, 12)
    v2 = (v2 + v7 + m13) | 0
    v13 = rotate(v13 ^ v2, 8)
    v8 = (v8 + v13) | 0
    v7 = rotate(v7 ^ v8, 7)
    v3 = (v3 + v4 + m14) | 0
    v14 = rotate(v14 ^ v3, 16)
    v9 = (v9 + v14) | 0
    v4 = rotate(v4 ^ v9, 12)
    v3 = (v3 + v4 + m15) | 0
    v14 = rotate(v14 ^ v3, 8)
    v9 = (v9 + v14) | 0
    v4 = rotate(v4 ^ v9, 7)
    if (round === ROUNDS) break
    const first0 = m0
    m0 = m2
    m2 = m3
    m3 = m10
    m10 = m12
    m12 = m9
    m9 = m11
    m11 = m5
    m5 = first0
    const first1 = m1
    m1 = m6
    m6 = m4
    m4 = m7
    m7 = m13
    m13 = m14
    m14 = m15
    m15 = m8
    m8 = first1
  }
  cv[0] = v0 ^ v8
  cv[1] = v1 ^ v9
  cv[2] = v2 ^ v10
  cv[3] = v3 ^ v11
  cv[4] = v4 ^ v12
  cv[5] = v5 ^ v13
  cv[6] = v6 ^ v14
  cv[7] = v7 ^ v15
}
