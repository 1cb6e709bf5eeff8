// The engine's smaller parts, each by itself: splitting scripts, places in texts, recorded outcomes, credit, the sync timer,
// the order of requests.
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { Job } from '../../src/engine/job.ts'
import { countsMoved, decodeOutcome, encodeOutcome, type RecordedOutcome } from '../../src/engine/outcome.ts'
import { Scheduler } from '../../src/engine/scheduler.ts'
import { firstKeyword, isBlank, splitScript } from '../../src/engine/script-splitter.ts'
import { ChunkStream, Session } from '../../src/engine/session.ts'
import { utf16Offset } from '../../src/engine/sqlite-errors.ts'
import { SyncTimer } from '../../src/engine/sync-timer.ts'
import type { Clock } from '../../src/environment.ts'
import type { SyncPolicy } from '../../src/protocol/messages.ts'
import { ShadowFile, ShadowSpace } from '../../src/vfs/shadow-files.ts'
import { startEngine } from '../support/engine-client.ts'
import { MemoryBlocks } from '../support/memory-blocks.ts'

/** A clock that stands still until it is told to go on. */
class TestClock implements Clock {
  nowMs = 0
  #timers: { atMs: number; callback: () => void }[] = []
  epochMs = () => this.nowMs
  monotonicMs = () => this.nowMs
  yield = () => Promise.resolve()
  after(ms: number, callback: () => void): () => void {
    const timer = { atMs: this.nowMs + ms, callback }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }
  advance(ms: number): void {
    this.nowMs += ms
    for (const timer of this.#timers.filter(({ atMs }) => atMs <= this.nowMs)) {
      this.#timers = this.#timers.filter((other) => other !== timer)
      timer.callback()
    }
  }
}

describe('splitting a script', () => {
  it.each<[string, string[]]>([
    ['', []],
    [' ;; -- a ; b\n /* ; */ ', []],
    ['SELECT \';\'; SELECT "a;b", `c;`, [d;]', ["SELECT ';'", 'SELECT "a;b", `c;`, [d;]']],
    ["SELECT 'it''s; one'", ["SELECT 'it''s; one'"]],
    ["SELECT 'open; string", ["SELECT 'open; string"]],
    ['SELECT 1 /* open ; comment', ['SELECT 1 /* open ; comment']],
    ['CREATE TRIGGER a BEGIN SELECT 1; END; SELECT 2', ['CREATE TRIGGER a BEGIN SELECT 1; END', 'SELECT 2']],
    [
      'create temp trigger if not exists t after insert on x begin select case 1 when 1 then 2 end; end ; x',
      ['create temp trigger if not exists t after insert on x begin select case 1 when 1 then 2 end; end ', 'x'],
    ],
    ['EXPLAIN CREATE TRIGGER a BEGIN SELECT 1; END;', ['EXPLAIN CREATE TRIGGER a BEGIN SELECT 1; END']],
    ['CREATE TABLE "trigger"(a); SELECT 1', ['CREATE TABLE "trigger"(a)', 'SELECT 1']],
    ['SELECT 1 AS "end"; END; BEGIN', ['SELECT 1 AS "end"', 'END', 'BEGIN']],
  ])('%j', (script, expected) => {
    expect(splitScript(script).map(({ text }) => text)).toEqual(expected)
  })

  it('gives each statement its place and finds all that were joined, whatever they hold', () => {
    const piece = fc.constantFrom("';'", '";"', '--;\n', '/*;*/', 'a', '1', '(', '[;]', ' ', '`;`', 'é')
    const statement = fc.array(piece, { minLength: 1 }).map((pieces) => `SELECT ${pieces.join(' ')} z`)
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 6 }), (statements) => {
        const script = statements.join(' ;\n')
        const found = splitScript(script)
        expect(found.map(({ text }) => text.trimEnd())).toEqual(statements)
        for (const { text, offset } of found) expect(script.startsWith(text, offset)).toBe(true)
      }),
    )
  })

  it('tells the first word past comments, and blank from not blank', () => {
    expect(firstKeyword('/* x */ -- y\n vacuum into')).toBe('VACUUM')
    expect(firstKeyword('(1)')).toBe('')
    expect([isBlank(' ; -- x'), isBlank(';1')]).toEqual([true, false])
  })
})

describe('an offset', () => {
  it('in bytes of UTF-8 becomes the same place in UTF-16 units', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (before, after) => {
        expect(utf16Offset(before + after, Buffer.byteLength(before))).toBe(before.length)
      }),
    )
    expect(utf16Offset('x', -1)).toBe(-1)
  })
})

describe('a recorded outcome', () => {
  it('comes back as it was', () => {
    const rows = fc.record({
      columns: fc.array(fc.string(), { minLength: 1, maxLength: 3 }),
      chunks: fc.uint8Array({ maxLength: 50 }).map((bytes) => [{ bytes: new Uint8Array(bytes), count: 3 }]),
    })
    const statement = fc.record(
      { changes: fc.nat(), lastInsertRowid: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), rows },
      { requiredKeys: ['changes', 'lastInsertRowid'] },
    )
    const outcome: fc.Arbitrary<RecordedOutcome> = fc.oneof(
      fc.constant({ kind: 'done' as const }),
      statement.map((one) => ({ kind: 'result' as const, statements: [one] })),
      fc.array(statement).map((statements) => ({ kind: 'batch' as const, statements })),
    )
    fc.assert(
      fc.property(
        outcome,
        fc.record({ changes: fc.nat(), totalChanges: fc.nat(), lastInsertRowid: fc.bigInt({ min: 0n, max: 9n }) }),
        (value, moved) => {
          const bytes = encodeOutcome(value, moved)
          expect(decodeOutcome(bytes)).toEqual(value)
          expect(countsMoved(bytes)).toEqual(moved)
        },
      ),
    )
  })
})

describe('chunks', () => {
  it('leave as credit allows, and the final answer after them without any', () => {
    const stream = new ChunkStream()
    const sent: number[] = []
    for (let i = 0; i < 7; i++) stream.send(i === 6, () => sent.push(i))
    expect(sent).toEqual([0, 1, 2, 3])
    stream.addCredit(1)
    expect(sent).toEqual([0, 1, 2, 3, 4])
    stream.addCredit(1)
    expect(sent).toEqual([0, 1, 2, 3, 4, 5, 6])
  })
})

describe('the sync timer', () => {
  const policy = { intervalMs: 1000, debounceMs: 250, maxDirtyBytes: 100, maxDirtyBlocks: 10 }
  function timer(policies: SyncPolicy[]) {
    const clock = new TestClock()
    const syncs: number[] = []
    const made = new SyncTimer(clock, () => {
      syncs.push(clock.nowMs)
      made.synced(1)
    })
    made.use(policies)
    return { clock, made, syncs }
  }

  it('syncs after a pause, at the latest after the interval, and at once when too much is unsynced', () => {
    const { clock, made, syncs } = timer([policy])
    made.committed(1, 1)
    clock.advance(250)
    expect(syncs).toEqual([250])
    for (let i = 0; i < 7; i++) {
      made.committed(1, 1)
      clock.advance(200)
    }
    expect(syncs).toEqual([250, 1250])
    made.committed(100, 1)
    expect(syncs.length).toBe(3)
    made.committed(1, 10)
    expect(syncs.length).toBe(4)
  })

  it('takes the strictest wish of all clients, and none where a rule is off', () => {
    const { clock, made, syncs } = timer([policy, { ...policy, debounceMs: 10 }])
    made.committed(1, 1)
    clock.advance(10)
    expect(syncs).toEqual([10])
    const off = timer([{ intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 }])
    off.made.committed(1e9, 1e6)
    off.clock.advance(1e6)
    expect(off.syncs).toEqual([])
  })
})

describe('the scheduler', () => {
  function scheduled() {
    const clock = new TestClock()
    const ran: string[] = []
    const blocked = new Set<string>()
    let groups = 0
    const nameOf = (job: Job) => `${job.session.client}${job.request.seq}`
    const scheduler = new Scheduler(clock, {
      ready: (job) => !blocked.has(job.session.client),
      run: (job) => {
        ran.push(nameOf(job))
        return 'done'
      },
      refuse: (job) => ran.push(`refused ${nameOf(job)}`),
      stagedBytes: () => 0,
      endGroup: () => {
        groups++
      },
      crashed: (error) => {
        throw error
      },
    })
    const sync = { intervalMs: 0, debounceMs: 0, maxDirtyBytes: 0, maxDirtyBlocks: 0 }
    const settings = { durability: 'strict' as const, foreignKeys: true, sync }
    const sessions = new Map(['a', 'b', 'c'].map((id) => [id, new Session(id, settings, { post: () => {} })]))
    const add = (client: string, seq: number, timeoutMs = 0) =>
      scheduler.add(
        new Job(
          sessions.get(client)!,
          { type: 'script', seq, timeoutMs, sql: '' },
          { payload: new Uint8Array(0), nowMs: clock.nowMs++ },
        ),
      )
    return { clock, scheduler, ran, blocked, add, groups: () => groups }
  }

  it('keeps the order within a client and takes turns between clients', async () => {
    const { scheduler, ran, add } = scheduled()
    for (let seq = 1; seq <= 3; seq++) add('a', seq)
    add('b', 1)
    add('c', 1)
    await scheduler.drained()
    expect(ran).toEqual(['a1', 'b1', 'c1', 'a2', 'a3'])
  })

  it('lets those go first that had to wait, the oldest first', async () => {
    const { scheduler, ran, blocked, add } = scheduled()
    blocked.add('b').add('c')
    add('c', 1)
    add('b', 1)
    add('a', 1)
    scheduler.wake()
    await Promise.resolve()
    blocked.clear()
    add('a', 2)
    await scheduler.drained()
    expect(ran).toEqual(['a1', 'c1', 'b1', 'a2'])
  })

  it('ends a group at 256 requests', async () => {
    const { scheduler, add, groups } = scheduled()
    for (let seq = 1; seq <= 600; seq++) add('a', seq)
    await scheduler.drained()
    expect(groups()).toBeGreaterThanOrEqual(3)
  })

  it('refuses what waited beyond its time', async () => {
    const { clock, scheduler, ran, blocked, add } = scheduled()
    blocked.add('a')
    add('a', 1, 100)
    add('a', 2)
    scheduler.wake()
    await new Promise((resolve) => setTimeout(resolve, 1))
    clock.advance(200)
    expect(ran).toEqual(['refused a1'])
  })
})

describe('a shadow file', () => {
  it('reads as a plain array does, whatever is written, cut and spilled', () => {
    const operation = fc.oneof(
      fc.record({ at: fc.nat(300_000), bytes: fc.uint8Array({ minLength: 1, maxLength: 9 }), times: fc.nat(9000) }),
      fc.record({ cut: fc.nat(300_000) }),
    )
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 20 }), (operations) => {
        const { scratch } = new MemoryBlocks()
        const space = new ShadowSpace(scratch, 128 * 1024)
        const files = [new ShadowFile(space), new ShadowFile(space)]
        const models = [new Uint8Array(0), new Uint8Array(0)]
        for (const [i, step] of operations.entries()) {
          const file = files[i % 2]!
          const model = models[i % 2]!
          if ('cut' in step) {
            file.truncate(step.cut)
            models[i % 2] = model.slice(0, step.cut)
            continue
          }
          const bytes = new Uint8Array(Buffer.alloc(step.bytes.length * (step.times + 1), step.bytes))
          file.write(bytes, step.at)
          const next = new Uint8Array(Math.max(model.length, step.at + bytes.length))
          next.set(model)
          next.set(bytes, step.at)
          models[i % 2] = next
        }
        for (const [i, file] of files.entries()) {
          const got = new Uint8Array(file.size)
          expect(file.read(got, 0)).toBe(models[i]!.length)
          expect(Buffer.compare(got, models[i]!)).toBe(0)
          file.truncate(0)
        }
        expect([scratch.size, space.used]).toEqual([0, { memoryBytes: 0, scratchBytes: 0 }])
      }),
      { numRuns: 50 },
    )
  })
})

// What a crash had left in a long log was replayed at every opening until somebody wrote.
it('an engine that nobody writes to has its store tidy up after the opening, once', async () => {
  let tidied = 0
  const { engine } = await startEngine({
    store: {
      idle: () => {
        tidied++
      },
    },
  })
  engine.tidySoon()
  engine.tidySoon()
  await vi.waitFor(() => expect(tidied).toBe(1))
  await engine.close()
})
