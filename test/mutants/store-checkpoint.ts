// Planted bugs in the checkpoint: in its order, in what it copies, and in what it forgets.
import type { Mutant } from './mutant.ts'

const CHECKPOINT = 'src/store/checkpoint.ts'
const INDEX = 'src/store/block-index.ts'
const FIRST_SUPERBLOCK = "state.writer.write('main', bytes, SUPERBLOCK_AT[0])\n    await syncAll(state)"
const RELEASE = '...this.#chain(last, lastCommit, sequence) })'
const SIGNATURE = 'async #writeSuperblocks(next: Superblock): Promise<void> {'
const BETWEEN = 'state.superblock = next\n    state.claimed = '

export const CHECKPOINT_MUTANTS: readonly Mutant[] = [
  {
    name: 'no-sync-before-superblock',
    why: 'Step 4 is missing: a superblock may reach the disk before the table and blocks that it names.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: 'const next = this.#writeTables(table, side.encode(sequence))\n    await syncAll(state)',
        replace: 'const next = this.#writeTables(table, side.encode(sequence))',
      },
    ],
  },
  {
    name: 'superblock-not-synced',
    why: 'Steps 5 and 6 are not ordered, so one power cut may tear both superblocks.',
    provedBy: 'store-kept',
    edits: [{ file: CHECKPOINT, find: FIRST_SUPERBLOCK, replace: FIRST_SUPERBLOCK.split('\n')[0] ?? '' }],
  },
  {
    name: 'no-second-superblock',
    why: 'Step 6 is missing: the other superblock leads to a log that is used again.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: "state.writer.write('main', bytes, SUPERBLOCK_AT[1])\n    await syncAll(state)",
        replace: '',
      },
    ],
  },
  {
    name: 'log-reused-after-step-5',
    why: 'The folded log is used again while the older superblock still leads to it.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: BETWEEN,
        replace: `state.log.records.splice(0, state.log.records.findIndex((r) => r.head.checksum === next.endChecksum) + 1)\n    ${BETWEEN}`,
      },
      {
        file: 'src/store/log.ts',
        find: 'this.records.splice(0, index + 1)',
        replace: 'if (index >= 0) this.records.splice(0, index + 1)',
      },
    ],
  },
  {
    name: 'places-reused-after-step-5',
    why: 'Freed segments are used again while the older superblock still names them.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: RELEASE,
        replace: `${RELEASE.slice(0, -1)}, () => this.#release(table, last, sequence))`,
      },
      {
        file: CHECKPOINT,
        find: SIGNATURE,
        replace: 'async #writeSuperblocks(next: Superblock, early: () => void): Promise<void> {',
      },
      { file: CHECKPOINT, find: BETWEEN, replace: `early()\n    ${BETWEEN}` },
      {
        file: 'src/store/log.ts',
        find: 'this.records.splice(0, index + 1)',
        replace: 'if (index >= 0) this.records.splice(0, index + 1)',
      },
    ],
  },
  {
    name: 'no-mark-before-fold',
    why: 'What is folded is claimed by nothing, so a read error in the last record cuts off what the homes already hold.',
    provedBy: 'store-kept',
    edits: [
      { file: CHECKPOINT, find: 'if (state.claimed >= state.synced) return', replace: 'if (state.synced >= 0) return' },
      {
        file: CHECKPOINT,
        find: 'Math.min(state.claimed, oldestPin(state))',
        replace: 'Math.min(state.synced, oldestPin(state))',
      },
    ],
  },
  {
    name: 'no-sync-before-fold',
    why: 'Step 1 is missing: commits that are not stored are brought home.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: 'await syncAll(state)\n    if (state.claimed >= state.synced) return',
        replace: 'state.log.write()\n    if (state.synced >= 0) return',
      },
      {
        file: CHECKPOINT,
        find: 'Math.min(state.claimed, oldestPin(state))',
        replace: 'Math.min(state.sequence, oldestPin(state))',
      },
    ],
  },
  {
    name: 'fold-past-a-pin',
    why: 'The fold goes on past a pinned snapshot, whose blocks are then written over.',
    provedBy: 'store-kept',
    edits: [
      { file: CHECKPOINT, find: 'Math.min(state.claimed, oldestPin(state))', replace: 'state.claimed' },
      {
        file: 'src/store/state.ts',
        find: "assert(state.superblock.foldedSequence <= oldestPin(state), 'a fold never passes a pin')",
        replace: '',
      },
    ],
  },
  {
    name: 'fold-copies-unverified',
    why: 'A copy is not verified and gets a checksum of its own, so rot becomes data.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: 'if (location) this.#copy(first + i, location, copy)',
        replace: `if (location && location.kind !== 'zero') {
        const { stored } = location
        if (location.kind === 'log') state.log.read(location.stored.log, location.stored.offset, copy)
        else state.home.readAhead.direct(location.place, location.index, copy)
        const checksum = state.checksums.block(stored.algorithm, first + i, stored.sequence, copy)
        Object.assign(stored, { checksum })
      }`,
      },
    ],
  },
  {
    name: 'damage-stops-the-fold',
    why: 'One block that rotted in the log stops every later fold, so the log is never free again.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: 'if (!withDamage && isDamage(error)) {',
        replace: 'if (withDamage && isDamage(error)) {',
      },
    ],
  },
  {
    name: 'failed-sync-does-not-restart-fold',
    why: 'A fold goes on after a failed sync, although its writes are not kept and may be lost.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: 'return this.#state.writer.failedSyncs !== this.#failures',
        replace: 'return this.#failures < 0',
      },
    ],
  },
  {
    name: 'header-in-force-overwritten',
    why: 'The fold writes the header slot that the table in force names.',
    provedBy: 'store-kept',
    edits: [{ file: CHECKPOINT, find: 'slot: old.slot === 0 ? 1 : 0 }', replace: 'slot: old.slot }' }],
  },
  {
    name: 'table-in-force-overwritten',
    why: 'The fold writes the table place that the superblocks name.',
    provedBy: 'store-kept',
    edits: [
      { file: CHECKPOINT, find: 'namedPlaces.table.has(0) ? 1 : 0', replace: 'namedPlaces.table.has(0) ? 0 : 1' },
      {
        file: CHECKPOINT,
        find: '!namedPlaces.table.has(tablePlace) && !namedPlaces.side',
        replace: '!namedPlaces.side',
      },
    ],
  },
  {
    name: 'truncations-dropped-at-fold',
    why: 'All truncations are forgotten at a fold, so blocks cut off by a later commit come back.',
    provedBy: 'store-kept',
    edits: [
      {
        file: INDEX,
        find: 'this.#truncations = this.#truncations.filter((cut) => cut.sequence > sequence)',
        replace: 'this.#truncations = []',
      },
    ],
  },
  {
    name: 'truncation-not-folded',
    why: 'A segment that was only cut off is not folded, so its old blocks come back when the database grows again.',
    provedBy: 'store-kept',
    edits: [
      { file: CHECKPOINT, find: 'if (smallest !== Number.POSITIVE_INFINITY) {', replace: 'if (smallest === -1) {' },
    ],
  },
  {
    name: 'origin-dropped-at-fold',
    why: 'The side table does not learn the outcomes of the folded commits.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: 'if (!isMark(record) && record.head.sequence <= sequence) side.apply(record)',
        replace: 'if (isMark(record)) side.apply(record)',
      },
    ],
  },
  {
    name: 'replay-before-the-marks',
    why: 'The replay starts behind the last commit instead of behind the marks that follow it.',
    provedBy: 'store-kept',
    edits: [
      { file: CHECKPOINT, find: 'const place = placeAfter(last)', replace: 'const place = placeAfter(lastCommit)' },
    ],
  },
]
