// Faults of one process's disk that last: failing writes and syncs, and times in which space is short. Those are frequent
// and last for many requests, since what matters is whether reads, PRAGMAs and small transactions still work in them.
import type { Chance } from '../support/seeded.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import type { Statements } from './sqlite-statements.ts'

/** Steps of space: none at all, or a segment more. */
const SLACK_BYTES = [0, 0, 0, 65_536, 262_144]

export class Weather {
  /** Space has been short at some time. */
  wasTight = false
  readonly #chance: Chance
  readonly #disk: SimulatedDisk
  readonly #statements: Statements
  /** Share of turns at which space becomes short. */
  readonly #tightShare: number
  #tightTurns = 0

  constructor(chance: Chance, disk: SimulatedDisk, statements: Statements) {
    this.#chance = chance
    this.#disk = disk
    this.#statements = statements
    this.#tightShare = chance.pick([0, 0, 0.03, 0.08])
    const { faults } = disk
    if (chance.chance(0.15)) faults.failSync = 0.02
    if (chance.chance(0.12)) faults.failWrite = 0.01
    statements.tight = false
  }

  turn(): void {
    if (this.#tightTurns > 0) {
      if (--this.#tightTurns === 0) this.clear()
    } else if (this.#chance.chance(this.#tightShare)) {
      this.#tightTurns = 10 + this.#chance.int(80)
      this.#disk.faults.quotaBytes = this.#disk.usedBytes + this.#chance.pick(SLACK_BYTES)
      this.wasTight = this.#statements.tight = true
    }
  }

  /** There is space again. */
  clear(): void {
    this.#tightTurns = 0
    this.#disk.faults.quotaBytes = Number.POSITIVE_INFINITY
    this.#statements.tight = false
  }

  /** Nothing fails any more. */
  calm(): void {
    this.clear()
    this.#disk.faults.failSync = this.#disk.faults.failWrite = 0
  }
}
