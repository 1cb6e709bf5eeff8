// Planted bugs on the way of a commit into the log, and in what happens when a write or sync fails.
import type { Mutant } from './mutant.ts'

const STORE = 'src/store/block-store.ts'
const WRITER = 'src/store/device-writer.ts'
const LOG = 'src/store/log.ts'
const TRANSACTION = 'src/store/write-transaction.ts'
const CHECKSUM = 'src/store/checksum.ts'
const CHECKPOINT = 'src/store/checkpoint.ts'

export const COMMIT_MUTANTS: readonly Mutant[] = [
  {
    name: 'sync-only-flushes',
    why: 'A sync answers after a flush, so a power cut takes acknowledged commits.',
    provedBy: 'store-kept',
    edits: [
      {
        file: WRITER,
        find: 'result = sync ? this.device.sync() : this.device.flush()',
        replace: 'result = this.device.flush()',
      },
    ],
  },
  {
    name: 'late-commit-acknowledged',
    why: 'A commit that was published while a sync was under way counts as stored by it.',
    provedBy: 'store-undone',
    edits: [
      {
        file: WRITER,
        find: 'this.onStored(handed, sync)',
        replace: 'this.onStored(this.handed, sync)',
      },
    ],
  },
  {
    name: 'fresh-not-ordered-before-record',
    why: 'Fresh segments are not synced before the record that names them, so the record may lead to nothing.',
    provedBy: 'store-kept',
    edits: [
      {
        file: TRANSACTION,
        find: 'writer.barrier()',
        replace: '',
      },
    ],
  },
  {
    name: 'fresh-place-granted-twice',
    why: 'Places of fresh segments count as free after a fold, although unfolded records lead to them.',
    provedBy: 'store-kept',
    edits: [
      {
        file: 'src/store/state.ts',
        find: 'for (const fresh of state.index.fresh()) used.add(fresh.place)',
        replace: '',
      },
    ],
  },
  {
    name: 'origin-dropped',
    why: 'The record does not carry the requests in it, so a repeated request is run twice.',
    provedBy: 'store-kept',
    edits: [
      {
        file: TRANSACTION,
        find: "const requests = origins.map((origin): OriginRecord => ({ kind: 'request', ...origin }))",
        replace: 'const requests: OriginRecord[] = []',
      },
    ],
  },
  {
    name: 'outcomes-cut-to-nothing',
    why: 'Outcomes that nobody has acknowledged are forgotten but for a bit, where commits should wait.',
    provedBy: 'store-kept',
    edits: [
      {
        file: 'src/store/sessions.ts',
        find: 'const OVERRUN_BYTES = 64 * 1024',
        replace: 'const OVERRUN_BYTES = 0',
      },
    ],
  },
  {
    name: 'acknowledgement-without-effect',
    why: 'A record that should carry what was acknowledged carries nothing, so writes wait for room without end.',
    provedBy: 'store-kept',
    edits: [
      {
        file: 'src/store/clients.ts',
        find: 'transaction.publish(news.splice(0, most)',
        replace: 'transaction.publish(news.splice(0, most).slice(most)',
      },
    ],
  },
  {
    name: 'main-cut-too-short',
    why: 'Compacting gives back the places that the next fold will need, so a full disk stops it for good.',
    provedBy: 'store-kept',
    edits: [
      {
        file: 'src/store/folding.ts',
        find: 'SEGMENTS_AT + (places.end + homesNeeded.count) * geometry.placeBytes',
        replace: 'SEGMENTS_AT + Math.max(places.end, 0 * homesNeeded.count) * geometry.placeBytes',
      },
    ],
  },
  {
    name: 'homes-reservation-skipped',
    why: 'A commit is accepted without the places that its fold will need, so a full disk stops the fold for good.',
    provedBy: 'store-kept',
    edits: [
      {
        file: TRANSACTION,
        find: 'state.places.reserve(state.homesNeeded.countWith(this.#inline.keys(), (segment) => this.#fresh.has(segment)))',
        replace: '',
      },
    ],
  },
  {
    name: 'marks-not-counted',
    why: 'A log that holds only marks of the chain is entered, and the chain breaks at the first of them.',
    provedBy: 'store-kept',
    harmless:
      'behind a fold no log holds marks alone: the replay start is behind every mark of F, and later marks of F are not written',
    edits: [
      {
        file: LOG,
        find: 'const oldest = this.records[0]',
        replace: 'const oldest = this.records.find((record) => !isMark(record))',
      },
    ],
  },
  {
    name: 'mark-claims-unsynced',
    why: 'A mark claims commits that are not synced yet, so a power cut makes a healthy store look damaged.',
    provedBy: 'store-kept',
    edits: [
      {
        file: CHECKPOINT,
        find: 'state.log.mark({ sequence, durableSequence: synced,',
        replace: 'state.log.mark({ sequence, durableSequence: sequence,',
      },
      {
        file: STORE,
        find: 'if (state.synced < state.sequence || state.claimed >= state.sequence || !state.log.markFits) return',
        replace: 'if (state.claimed >= state.sequence || !state.log.markFits) return',
      },
    ],
  },
  {
    name: 'checksum-not-bound',
    why: 'A block checksum is bound to the bytes alone, so an old version or another block passes.',
    provedBy: 'store-kept',
    harmless:
      'readers take checksums from verified headers and records only, so equal bytes are the right bytes; the binding serves salvage',
    edits: [
      {
        file: CHECKSUM,
        find: 'return this.#xx(bytes, BigInt.asUintN(64, (BigInt(sequence) << 32n) ^ BigInt(block)))',
        replace: 'return this.#xx(bytes)',
      },
    ],
  },
  {
    name: 'failed-sync-not-written-again',
    why: 'After a failed sync nothing is written again, so pages that look clean never reach the disk.',
    provedBy: 'store-kept',
    edits: [
      {
        file: WRITER,
        find: 'for (const { area, at, bytes } of newestBytes(this.#kept)) this.#put(area, bytes, at)',
        replace: '',
      },
    ],
  },
  {
    name: 'older-bytes-written-again',
    why: 'After a failed sync the oldest bytes of a place win over the newest.',
    provedBy: 'store-kept',
    edits: [
      {
        file: WRITER,
        find: 'for (const { area, at, bytes } of newestBytes(this.#kept)) this.#put(area, bytes, at)',
        replace: 'for (const { area, at, bytes } of this.#kept.toReversed()) this.#put(area, bytes, at)',
      },
    ],
  },
  {
    name: 'two-syncs-at-once',
    why: 'A second flush or sync begins while one is under way, so nobody can tell what either of them stored.',
    provedBy: 'store-undone',
    edits: [
      {
        file: WRITER,
        find: 'if (!this.#running) return this.#start(sync)',
        replace: 'if (!this.#next) return this.#start(sync)',
      },
    ],
  },
  {
    name: 'joined-sync-only-flushes',
    why: 'A sync that waits for a flush under way, behind another flush, becomes a flush itself.',
    provedBy: 'store-undone',
    edits: [{ file: WRITER, find: 'this.#next.sync ||= sync', replace: 'this.#next.sync ||= false' }],
  },
  {
    name: 'abort-not-latched',
    why: 'A device that undoes a failed sync is written on as if nothing had been lost.',
    provedBy: 'store-undone',
    edits: [
      {
        file: WRITER,
        find: 'this.#latched ??= error',
        replace: 'if (this.#keeps) this.#latched ??= error',
      },
    ],
  },
]
