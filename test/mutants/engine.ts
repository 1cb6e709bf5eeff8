// Planted bugs in the file calls and in the engine above them, found by unit suites that run real SQLite.
import type { Mutant } from './mutant.ts'

const MAIN_FILE = 'src/vfs/main-file.ts'
const DROP = 'this.#journal?.truncate(0)\n      dropped?.rollback()'

export const ENGINE_MUTANTS: readonly Mutant[] = [
  {
    name: 'rollback-published',
    why: 'What is staged when the lock falls without a commit is published instead of dropped.',
    provedBy: 'vfs',
    edits: [
      {
        file: MAIN_FILE,
        find: DROP,
        replace: `if (dropped?.dirty) {
        dropped.reserve()
        dropped.publish([])
      } else dropped?.rollback()`,
      },
    ],
  },
  {
    name: 'published-at-sync',
    why: 'The commit is published when SQLite asks for the sync, which it does for rollbacks too.',
    provedBy: 'vfs',
    edits: [
      {
        file: MAIN_FILE,
        find: 'if (this.#announced === undefined || this.#refused || !this.#transaction?.dirty) return',
        replace: 'if (!this.#transaction?.dirty) return',
      },
      {
        file: MAIN_FILE,
        find: 'this.#reserved = true\n',
        replace: 'this.#reserved = true\n    this.publish()\n',
      },
    ],
  },
  {
    name: 'truncation-published',
    why: 'A truncation is published when SQLite shortens the file, before the commit.',
    provedBy: 'vfs',
    edits: [
      {
        file: MAIN_FILE,
        find: 'this.#cutSinceReserve = this.#reserved\n',
        replace: `this.#transaction.reserve()
    this.#transaction.publish([])
    this.#transaction = this.#blocks.begin()
`,
      },
    ],
  },
  {
    name: 'journal-left',
    why: 'The journal stays after a failed statement, so SQLite plays it back while space is short.',
    provedBy: 'vfs',
    edits: [{ file: MAIN_FILE, find: DROP, replace: 'dropped?.rollback()' }],
  },
  {
    name: 'journal-kept',
    why: 'The journal stays after a failed statement, among random statements of several clients.',
    provedBy: 'sqlite',
    edits: [{ file: MAIN_FILE, find: DROP, replace: 'dropped?.rollback()' }],
  },
  {
    name: 'late-failure-is-fatal',
    why: 'A write that fails when a shortened file is reserved anew ends a sound engine.',
    provedBy: 'vfs',
    edits: [
      {
        file: 'src/vfs/vfs.ts',
        find: 'if (reserved !== code.SQLITE_OK) return reserved',
        replace: 'if (reserved !== code.SQLITE_OK) return this.failure.keepFatal(this.failure.take())',
      },
    ],
  },
  {
    name: 'failure-before-recorded-outcome',
    why: 'A request that was applied and stored is answered by the failure of the store when it is sent again.',
    provedBy: 'engine',
    edits: [
      {
        file: 'src/engine/runner.ts',
        find: "      if (this.#answeredBefore(job)) return 'done'\n      if (this.latched !== undefined) throw this.latched\n",
        replace:
          "      if (this.latched !== undefined) throw this.latched\n      if (this.#answeredBefore(job)) return 'done'\n",
      },
    ],
  },
  {
    name: 'stale-reader-cache',
    why: 'A connection sees an old change counter and goes on with pages that others have written since.',
    provedBy: 'vfs',
    edits: [
      {
        file: MAIN_FILE,
        find: 'if (snapshot.sequence === this.#headerSequence) return',
        replace: 'if (this.#headerSequence > 0) return',
      },
    ],
  },
  {
    name: 'write-over-newer-commit',
    why: 'A connection whose snapshot is old may write over what was committed since.',
    provedBy: 'vfs',
    edits: [
      {
        file: MAIN_FILE,
        find: 'if (this.#pinned().sequence !== this.#blocks.sequence) return SQLITE_BUSY',
        replace: '',
      },
    ],
  },
  {
    name: 'commit-without-origins',
    why: 'The publish forgets which request it belongs to, so that request is run again after a failover.',
    provedBy: 'engine',
    edits: [{ file: MAIN_FILE, find: 'transaction.publish(this.#announced())', replace: 'transaction.publish([])' }],
  },
  {
    name: 'writes-do-not-wait-for-outcomes',
    why: 'New writes go on where outcomes fill their space, until the side table outgrows its place.',
    provedBy: 'engine',
    edits: [
      {
        file: 'src/engine/outcome-room.ts',
        find: 'if (this.waits) throw new NoOutcomeRoom()',
        replace: '',
      },
    ],
  },
  {
    name: 'strict-answer-before-sync',
    why: 'A strict answer leaves when its commit is flushed.',
    provedBy: 'engine',
    edits: [
      {
        file: 'src/engine/outbox.ts',
        find: "session.settings.durability === 'strict' ? syncedSequence : Math.max(flushedSequence, syncedSequence)",
        replace: 'Math.max(flushedSequence, syncedSequence)',
      },
    ],
  },
  {
    name: 'read-left-active-on-writer',
    why: 'A read stays active on the writer behind its answer, and would see the next commit half-way.',
    provedBy: 'engine',
    edits: [
      {
        file: 'src/engine/statement-run.ts',
        find: 'packer.discard()\n    statement.clear()',
        replace: "packer.discard()\n    if (want === 'changes') statement.clear()",
      },
      {
        file: 'src/engine/connection.ts',
        find: 'release(statement: Statement): void {\n    statement.clear()',
        replace: 'release(statement: Statement): void {',
      },
    ],
  },
]
