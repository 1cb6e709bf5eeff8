// What one client of the simulation wants next: plain writes and reads, streams, batches, scripts, bulks in one part or
// several, interactive transactions that stay open, VACUUM and scripts with transactions of their own; some with limits of
// time, some given up. It knows its client's open transaction and bulk, since what ran in them is repeated on the oracle.
import type { Chance } from '../support/seeded.ts'
import type { SimulatedClient } from './sqlite-client.ts'
import type { Sql, Statements } from './sqlite-statements.ts'
import type { OpenBulk, OpenTransaction, Sent, Work } from './sqlite-work.ts'

/** What a session asks of the life that it is part of. */
export interface Surroundings {
  readonly chance: Chance
  readonly statements: Statements
  /** The newest commit that anybody was told of. */
  told(): number
  /** At most one request that commits without an outcome is under way. */
  bareAllowed(): boolean
}

/** Beside an open transaction, whose own requests need room. */
const UNANSWERED_MAX = 4
const UNANSWERED_INSIDE_MAX = 8
const TIMEOUTS_MS = [1, 3, 20, 200]

export class ClientSession {
  readonly client: SimulatedClient
  #transaction: OpenTransaction | undefined
  #bulk: OpenBulk | undefined
  readonly #around: Surroundings
  #transactions = 0

  constructor(client: SimulatedClient, around: Surroundings) {
    this.client = client
    this.#around = around
  }

  /** Something was begun and not ended. */
  get open(): boolean {
    return this.#transaction !== undefined || this.#bulk !== undefined
  }

  /** Sends the next thing, if it is not too much. */
  act(): void {
    const { size } = this.client.unanswered
    if (this.#bulk && this.#around.chance.chance(0.7)) this.#nextPart(this.#bulk, this.#around.chance.chance(0.3))
    else if (this.#transaction && this.#around.chance.chance(0.8)) {
      if (size < UNANSWERED_INSIDE_MAX) this.#continue(this.#transaction)
    } else if (size < UNANSWERED_MAX) this.#plain()
  }

  /** Ends what is open, as far as it has begun. */
  finish(): void {
    if (this.#transaction?.begun?.settled) this.#end(this.#transaction)
    if (this.#bulk) this.#nextPart(this.#bulk, true)
  }

  /** Gives up something that was asked for. */
  giveUp(): void {
    const all = [...this.client.unanswered.values()].filter(({ work }) => mayEndEarly(work))
    if (all.length > 0) this.client.cancel(this.#around.chance.pick(all))
  }

  /**
   * The process died: transactions are gone, and so is what was asked of them, except that an `end` may have worked, and
   * the last part of a bulk.
   */
  lost(): void {
    this.#transaction = this.#bulk = undefined
    for (const [seq, { work }] of this.client.unanswered) {
      const { type } = work
      const inside = 'inside' in work && work.inside !== undefined
      const gone = type === 'begin' || type === 'bare' || type === 'maintenance' || inside
      if (gone || (type === 'part' && !work.last)) this.client.unanswered.delete(seq)
    }
  }

  #send(works: readonly Work[]): Sent[] {
    const { chance, pick } = this.#around.chance
    return this.client.send(works, this.#around.told(), works.every(mayEndEarly) && chance(0.1) ? pick(TIMEOUTS_MS) : 0)
  }

  #plain(): void {
    const { chance, statements } = this.#around
    const x = chance.next()
    if (x < 0.48) this.#send(Array.from({ length: chance.chance(0.2) ? 3 : 1 }, () => this.#write()))
    else if (x < 0.66) this.#send([this.#read(true)])
    else if (x < 0.74) this.#send([{ type: 'batch', items: this.#several(() => statements.write()) }])
    else if (x < 0.79) this.#send([{ type: 'script', items: this.#several(() => withoutParameters(statements)) }])
    else if (x < 0.82) this.#send([{ type: 'bulk', items: this.#sets(this.#bulkSql()) }])
    else if (x < 0.84) this.#beginBulk()
    else if (x < 0.93) this.#begin()
    else if (x < 0.97) {
      if (this.#around.bareAllowed()) this.#send([this.#bare()])
    } else this.#send([{ type: 'maintenance', action: chance.pick(['sync', 'checkpoint', 'compact']) }])
  }

  #begin(): void {
    if (this.#transaction) return
    const { chance } = this.#around
    const id = ++this.#transactions
    const mode = chance.pick(['immediate', 'immediate', 'deferred', 'readonly'] as const)
    const begun = undefined
    const opens: OpenTransaction = { id, mode, steps: [], begun, savepoint: false, wrote: false, states: undefined }
    this.#transaction = opens
    ;[opens.begun] = this.#send([{ type: 'begin', opens, lifetimeMs: 10_000 }])
  }

  #continue(inside: OpenTransaction): void {
    const { chance, statements } = this.#around
    const { mode, begun, steps } = inside
    if (!begun?.settled) return
    if ('code' in begun.settled) {
      this.#transaction = undefined
      return
    }
    const read = () => steps.push(...this.#send([{ ...this.#read(false), inside, onSnapshot: !inside.wrote }]))
    const write = (work: Work) => {
      inside.wrote = true
      steps.push(...this.#send([work]))
    }
    const x = chance.next()
    if (x < 0.2) this.#end(inside)
    else if (mode === 'readonly' || x < (inside.wrote ? 0.3 : 0.5)) read()
    else if (x < 0.7) write({ ...this.#write(), inside })
    else if (x < 0.78) write({ type: 'batch', items: this.#several(() => statements.write()), inside })
    else if (x < 0.83) write({ type: 'script', items: this.#several(() => withoutParameters(statements)), inside })
    else if (x < 0.86) write({ type: 'bulk', items: this.#sets(this.#bulkSql()), inside })
    else {
      const action = inside.savepoint ? chance.pick(['release', 'rollback'] as const) : 'open'
      inside.savepoint = !inside.savepoint
      write({ type: 'savepoint', action, inside })
    }
  }

  #end(ends: OpenTransaction): void {
    const action = this.#around.chance.chance(0.75) ? 'commit' : 'rollback'
    this.#transaction = undefined
    this.#send([{ type: 'end', action, ends }])
  }

  #beginBulk(): void {
    if (this.#bulk) return
    this.#bulk = { first: 0, parts: [], sql: this.#bulkSql() }
    this.#nextPart(this.#bulk, false)
  }

  /** A part follows when the one before it was taken. */
  #nextPart(bulk: OpenBulk, last: boolean): void {
    const before = bulk.parts.at(-1)
    if (before && !before.settled) return
    if (before?.settled && 'code' in before.settled) {
      this.#bulk = undefined
      return
    }
    if (last) this.#bulk = undefined
    const [sent] = this.client.send([{ type: 'part', items: this.#sets(bulk.sql), bulk, last }], this.#around.told())
    bulk.parts.push(sent!)
  }

  #write(): Work & { readonly type: 'statement' } {
    return { type: 'statement', items: [this.#around.statements.write()] }
  }

  /** A whole table; now and then with so much beside it that it comes in many chunks. */
  #read(mayStream: boolean): Work & { readonly type: 'statement' } {
    const { statements, chance } = this.#around
    const table = statements.table()
    const stream = mayStream && chance.chance(0.3)
    const wide = chance.chance(stream ? 0.2 : 0.03) ? ', zeroblob(150000)' : ''
    return { type: 'statement', items: [{ sql: `SELECT *${wide} FROM ${table}`, parameters: [] }], stream }
  }

  #bare(): Work {
    const { chance, statements } = this.#around
    if (chance.chance(0.5)) return { type: 'bare', sql: 'VACUUM', parts: [['VACUUM']] }
    const write = withoutParameters(statements).sql
    const sure = () => statements.sure().sql
    const first = ['BEGIN', sure(), write, 'COMMIT']
    const second = [sure()]
    const undone = ['BEGIN', 'SAVEPOINT s', sure(), 'ROLLBACK TO s', 'RELEASE s', 'ROLLBACK']
    const third = ['SAVEPOINT s', sure(), 'RELEASE s']
    const sql = [...first, ...second, ...undone, ...third].join(';\n')
    return { type: 'bare', sql, parts: [first, second, third] }
  }

  #bulkSql(): string {
    return this.#around.chance.pick([
      'INSERT OR REPLACE INTO kv VALUES(?,?)',
      'INSERT INTO p(id,n) VALUES(?,?)',
      'INSERT INTO c(p,v) VALUES(?,?)',
      'INSERT INTO log VALUES(?,?)',
    ])
  }

  #sets(sql: string): Sql[] {
    const { int } = this.#around.chance
    return Array.from({ length: 1 + int(30) }, () => ({ sql, parameters: [int(500), int(9000)] }))
  }

  #several<T>(make: () => T): T[] {
    return Array.from({ length: 1 + this.#around.chance.int(4) }, make)
  }
}

/** Whether a write inside a transaction was made is known only when it is answered, which may be after the commit. */
function mayEndEarly(work: Work): boolean {
  return !('inside' in work && work.inside) || (work.type === 'statement' && /^SELECT /.test(work.items[0].sql))
}

function withoutParameters(statements: Statements): Sql {
  for (let tries = 0; tries < 20; tries++) {
    const statement = statements.write()
    if (statement.parameters.length === 0) return statement
  }
  return statements.sure()
}
