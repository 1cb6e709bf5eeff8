// Planted bugs in the coordination of many tabs, found by its simulation with the seeds that CI uses.
import type { Mutant } from './mutant.ts'

const MEMBER = 'src/coordination/tab-member.ts'
const SLOT = 'src/coordination/engine-slot.ts'
const ASIDE = 'src/coordination/standing-aside.ts'
const LINK = 'src/coordination/engine-link.ts'
const LINE = 'src/client/line.ts'
const WORKER = 'src/engine/worker.ts'

export const COORDINATION_MUTANTS: readonly Mutant[] = [
  {
    name: 'resent-under-a-new-number',
    why: 'A request that is sent again gets another number, so its recorded outcome is not found and it is applied twice.',
    provedBy: 'tabs',
    edits: [{ file: LINE, find: 'if (call.seq === 0) {', replace: 'if (call.timesSent >= 0) {' }],
  },
  {
    name: 'acknowledged-too-far',
    why: 'The client says that everything it has sent is settled, so outcomes are forgotten that it still needs.',
    provedBy: 'tabs',
    edits: [
      {
        file: LINE,
        find: 'return Math.min(oldest ?? this.#lastSeq + 1, queued) - 1',
        replace: 'return Math.max(oldest ?? 0, queued, this.#lastSeq)',
      },
    ],
  },
  {
    name: 'session-ends-at-greeting',
    why: 'A client that greets the next leader is taken for a new one, and its outcomes are forgotten.',
    provedBy: 'tabs',
    edits: [
      {
        file: WORKER,
        find: '    this.#ports.set(client, port)\n',
        replace: '    await opened.detach(client)\n    this.#ports.set(client, port)\n',
      },
    ],
  },
  {
    name: 'remembered-clients-forgotten',
    why: 'A new leader forgets the outcomes of clients that are there but have not greeted it yet.',
    provedBy: 'tabs',
    edits: [
      {
        file: WORKER,
        find: 'if (!there && !this.#ports.has(client)) await',
        replace: 'if ((there || !there) && !this.#ports.has(client)) await',
      },
    ],
  },
  {
    name: 'goodbye-not-answered',
    why: 'A client of another page is let go without a word, so its close() ends by its time limit.',
    provedBy: 'tabs',
    edits: [{ file: WORKER, find: "      port?.postMessage({ type: 'closed' }, [])\n", replace: '' }],
  },
  {
    name: 'death-not-watched',
    why: 'Nobody waits for the lock of an engine, so one that vanishes is waited for without end.',
    provedBy: 'tabs',
    edits: [{ file: LINK, find: 'if (this.#watching) return', replace: 'if (!this.ended) return' }],
  },
  {
    name: 'presence-lost-while-frozen',
    why: 'A page that is frozen while it asks for its presence lock never holds it, and no leader lets it in.',
    provedBy: 'tabs',
    edits: [
      {
        file: MEMBER,
        find: "|| this.#state === 'suspended' || this.#state === 'closed') return undefined",
        replace: "|| this.#state !== 'in') return undefined",
      },
    ],
  },
  {
    name: 'left-engine-refused',
    why: 'A page that comes back takes the engine that it had left for one that was lost, and never connects.',
    provedBy: 'tabs',
    edits: [
      {
        file: SLOT,
        find: '    this.#empty()\n    for (const { engines } of this.#lost.values()) engines.clear()\n',
        replace: '    this.lose()\n',
      },
    ],
  },
  {
    name: 'dead-deletion-waited-for',
    why: 'A page that deletes dies, and whoever let go of the database for it never takes it up again.',
    provedBy: 'tabs',
    edits: [{ file: ASIDE, find: '() => this.#end(deletion, false))', replace: '() => {})' }],
  },
  {
    name: 'kept-taken-for-deleted',
    why: 'A page that waits for the outcome of a deletion takes one that was given up for done.',
    provedBy: 'tabs',
    edits: [
      {
        file: ASIDE,
        find: "else if (type === 'kept') this.#end(deletion, false)",
        replace: "else if (type === 'kept') this.#end(deletion, true)",
      },
    ],
  },
  {
    name: 'late-word-of-a-deletion-believed',
    why: 'What is said of a deletion that is long over is taken for the end of the database that was made since.',
    provedBy: 'tabs',
    edits: [
      {
        file: ASIDE,
        find: '.then((wasUnderWay) => this.#end(deletion, wasUnderWay))',
        replace: '.then(() => this.#end(deletion, true))',
      },
    ],
  },
]
