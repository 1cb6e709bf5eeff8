// How large the stores of the simulation are. Most are small in every respect, so that a life meets the ends of its log
// and its space often and costs little; some are as real ones are.
import { KIB, MIB, type Sizes } from '../../src/store/format.ts'
import type { Chance } from '../support/seeded.ts'

export interface Shape {
  readonly blockSize: number
  /** Blocks that a database may have. */
  readonly blocks: number
  readonly sizes: Partial<Sizes>
  readonly maxPinnedBytes: number
  readonly maxPinnedMs: number
  readonly maxDirtyBytes: number
  /** Space that a full disk leaves, at most. */
  readonly spareBytes: number
}

const REAL_SHARE = 0.04
const SEGMENT_BLOCKS = 8

export function drawShape(chance: Chance): Shape {
  if (chance.chance(REAL_SHARE)) return realShape(chance)
  const blockSize = chance.chance(0.85) ? 512 : 1024
  const logBytesMin = chance.pick([8, 12, 16, 16, 24]) * KIB
  return {
    blockSize,
    blocks: (4 + chance.int(3)) * SEGMENT_BLOCKS,
    sizes: {
      segmentBytes: SEGMENT_BLOCKS * blockSize,
      logBytesMin,
      logBytesMax: 4 * logBytesMin,
      logStepBytes: 4 * KIB,
      originsBytesMax: 128,
      outcomesBytesMax: chance.pick([400, 800, 512 * KIB]),
      spillBytes: chance.pick([1, 4, 16]) * blockSize,
    },
    maxPinnedBytes: chance.pick([8, 16, 64]) * KIB,
    maxPinnedMs: chance.chance(0.9) ? 600_000 : 300,
    maxDirtyBytes: chance.chance(0.85) ? 4 * MIB : 8 * KIB,
    spareBytes: 40 * KIB,
  }
}

function realShape(chance: Chance): Shape {
  const blockSize = chance.chance(0.8) ? 65536 : chance.pick([32768, 16384, 8192])
  return {
    blockSize,
    blocks: (4 + chance.int(3)) * ((256 * KIB) / blockSize),
    sizes: {},
    maxPinnedBytes: 2 * MIB,
    maxPinnedMs: 600_000,
    maxDirtyBytes: 4 * MIB,
    spareBytes: 2 * MIB,
  }
}
