// Planted bugs in recovery: in what it believes, and in what it leaves behind for the next one.
import type { Mutant } from './mutant.ts'

const RECOVERY = 'src/store/recovery.ts'
const TAKE_OVER = 'src/store/take-over.ts'
const PREVIOUS = 'previous === (term === end.term ? end.checksum : checksums.acrossTerms(end.checksum, term)) &&'
const BOTH = 'for (const i of order.slice(this.#written)) {'

export const RECOVERY_MUTANTS: readonly Mutant[] = [
  {
    name: 'chain-unchecked',
    why: 'A record counts by its number alone, whatever came before it.',
    provedBy: 'store-kept',
    edits: [{ file: RECOVERY, find: PREVIOUS, replace: '' }],
  },
  {
    name: 'end-by-number',
    why: 'The end that was known is compared by number, so another record of that number passes for it.',
    provedBy: 'store-kept',
    edits: [
      {
        file: RECOVERY,
        find: 'end.checksum === superblock.endChecksum && sequence === superblock.endSequence',
        replace: 'sequence >= superblock.endSequence',
      },
      {
        file: RECOVERY,
        find: 'if (end.checksum === superblock.endChecksum) passedEnd = true',
        replace: 'if (sequence >= superblock.endSequence) passedEnd = true',
      },
    ],
  },
  {
    name: 'end-not-passed',
    why: 'A chain that breaks before the end that was known is taken for a torn tail.',
    provedBy: 'block-store',
    edits: [
      {
        file: RECOVERY,
        find: "if (!passedEnd) throw damaged('The log (before the end that was known to be stored)')",
        replace: '',
      },
    ],
  },
  {
    name: 'old-tail-alive',
    why: 'Records of an older term behind the end count, although a later opening had cut them off.',
    provedBy: 'store-kept',
    edits: [
      { file: RECOVERY, find: 'passedEnd ? term === superblock.term : term >= end.term', replace: 'term >= end.term' },
    ],
  },
  {
    name: 'term-not-raised',
    why: 'The new owner has the term of the old one, so the tail that was cut off fits again.',
    provedBy: 'store-kept',
    edits: [{ file: RECOVERY, find: 'const term = superblock.term + 1', replace: 'const term = superblock.term' }],
  },
  {
    name: 'term-not-in-chain',
    why: 'The first record of a term does not bind that term, so a stale one fits.',
    provedBy: 'store-kept',
    harmless:
      'a checksum covers the term of its record, so equal checksums are those of one record with one term: binding the term once more excludes nothing',
    edits: [
      {
        file: 'src/store/checksum.ts',
        find: 'return this.#xx(new Uint8Array(new BigUint64Array([checksum, BigInt(term)]).buffer))',
        replace: 'return term > 0 ? checksum : 0n',
      },
    ],
  },
  {
    name: 'other-log-not-tried',
    why: 'The chain is not followed into the other log.',
    provedBy: 'store-kept',
    edits: [{ file: RECOVERY, find: 'const other = fits(otherLog, 0)', replace: 'const other = fits(otherLog, -1)' }],
  },
  {
    name: 'first-fit',
    why: 'Where a record fits at both places, the higher term does not count.',
    provedBy: 'store-kept',
    edits: [
      {
        file: RECOVERY,
        find: 'other !== undefined && (!behind || other.head.term > behind.head.term)',
        replace: 'other !== undefined && !behind',
      },
    ],
  },
  {
    name: 'torn-record-counts',
    why: 'A record counts by its head; whether all of it arrived is not looked at.',
    provedBy: 'store-kept',
    edits: [
      {
        file: 'src/store/record.ts',
        find: 'if (copy.length !== head.totalBytes || checksums.structure(copy) !== head.checksum) return undefined',
        replace: 'if (copy.length !== head.totalBytes) return undefined',
      },
    ],
  },
  {
    name: 'block-read-unchecked',
    why: 'A block is returned as it was read, whether its checksum holds or not.',
    provedBy: 'store-kept',
    edits: [
      {
        file: 'src/store/home.ts',
        find: 'return this.#context.checksums.block(stored.algorithm, block, stored.sequence, bytes) === stored.checksum',
        replace: 'return block >= 0 && stored.sequence >= 0 && bytes.length > 0',
      },
    ],
  },
  {
    name: 'durable-sequence-ignored',
    why: 'The tail is cut although something synced claims that it was stored.',
    provedBy: 'store-kept',
    edits: [{ file: RECOVERY, find: 'if (claim > chain.sequence) {', replace: 'if (claim < 0) {' }],
  },
  {
    name: 'end-read-once',
    why: 'A record that could not be read once is taken for the end, and what follows is cut off for good.',
    provedBy: 'store-kept',
    edits: [{ file: RECOVERY, find: '      reader.readAnew()\n      record = next()\n', replace: '' }],
  },
  {
    name: 'tail-not-rewritten',
    why: 'What an earlier process failed to sync is acknowledged without being written again.',
    provedBy: 'store-kept',
    edits: [{ file: TAKE_OVER, find: 'rewriteTail(state, this.#found)\n', replace: '' }],
  },
  {
    name: 'superblocks-not-rewritten',
    why: 'A superblock that an earlier process failed to sync is trusted without being written again.',
    provedBy: 'block-store',
    edits: [
      {
        file: TAKE_OVER,
        find: "if (found.kind === 'valid') state.writer.write(",
        replace: "if (found.kind === 'zero') state.writer.write(",
      },
      { file: TAKE_OVER, find: 'found.bytes, SUPERBLOCK_AT', replace: 'new Uint8Array(0), SUPERBLOCK_AT' },
    ],
  },
  {
    name: 'one-superblock-in-recovery',
    why: 'Recovery writes one superblock; the other leads to another end as soon as the log goes on.',
    provedBy: 'store-kept',
    edits: [{ file: TAKE_OVER, find: BOTH, replace: 'for (const i of order.slice(0, 1)) {' }],
  },
  {
    name: 'newest-superblock-first',
    why: 'Recovery writes the newest superblock first; torn, it leaves the older one to answer for both.',
    provedBy: 'store-kept',
    edits: [{ file: TAKE_OVER, find: BOTH, replace: 'for (const i of order.toReversed()) {' }],
  },
  {
    name: 'recovery-superblocks-not-ordered',
    why: 'Recovery syncs both superblocks together, so one power cut may tear both.',
    provedBy: 'store-kept',
    edits: [
      {
        file: TAKE_OVER,
        find: 'SUPERBLOCK_AT[i])\n      await syncAll(state)\n      this.#written++\n    }',
        replace: 'SUPERBLOCK_AT[i])\n    }\n    await syncAll(state)',
      },
    ],
  },
]
