// Chance from one seed, so that a run is told by its number.
import type { Clock, Environment } from '../../src/environment.ts'

export interface Chance {
  /** In [0, 1). */
  next(): number
  /** A whole number in [0, n). */
  int(n: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
}

export function seeded(seed: number): Chance {
  let a = Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995
  const next = () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
  const int = (n: number) => Math.floor(next() * n)
  return {
    next,
    int,
    chance: (probability) => next() < probability,
    pick: (items) => {
      const item = items[int(items.length)]
      if (item === undefined) throw new Error('nothing to pick from')
      return item
    },
  }
}

/** Time that moves only when it is asked, and chance from a seed. */
export function simulatedEnvironment(seed: number): Environment {
  const chance = seeded(seed)
  let ms = 0
  const clock: Clock = {
    epochMs: () => 1_700_000_000_000 + ++ms,
    monotonicMs: () => ++ms,
    after: () => () => {},
    yield: () => Promise.resolve(),
  }
  return { clock, random: { bytes: (count) => Uint8Array.from({ length: count }, () => chance.int(256)) } }
}
