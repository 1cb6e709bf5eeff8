// All planted bugs, in the order in which a commit meets their places.
import { COORDINATION_MUTANTS } from './coordination.ts'
import { ENGINE_MUTANTS } from './engine.ts'
import type { Mutant } from './mutant.ts'
import { CHECKPOINT_MUTANTS } from './store-checkpoint.ts'
import { COMMIT_MUTANTS } from './store-commit.ts'
import { RECOVERY_MUTANTS } from './store-recovery.ts'
import { REPLACEMENT_MUTANTS } from './store-replacement.ts'

export const MUTANTS: readonly Mutant[] = [
  ...ENGINE_MUTANTS,
  ...COMMIT_MUTANTS,
  ...CHECKPOINT_MUTANTS,
  ...RECOVERY_MUTANTS,
  ...REPLACEMENT_MUTANTS,
  ...COORDINATION_MUTANTS,
]
