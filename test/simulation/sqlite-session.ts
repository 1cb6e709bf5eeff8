// What one client of the simulation wants next: plain writes and reads, batches, scripts, bulks, interactive transactions
// that stay open, VACUUM and scripts with transactions of their own. It knows its client's open transaction, since what
// ran in it is repeated on the oracle when it commits.
import type { Chance } from '../support/seeded.ts'
import type { Sent, SimulatedClient, Work } from './sqlite-client.ts'
import type { Sql, Statements } from './sqlite-statements.ts'

export interface OpenTransaction {
  readonly id: number
  readonly mode: 'immediate' | 'deferred' | 'readonly'
  readonly begun: Sent
  /** Everything sent in it, in order. */
  readonly steps: Sent[]
  savepoint: boolean
}

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

export class ClientSession {
  readonly client: SimulatedClient
  transaction: OpenTransaction | undefined
  readonly #around: Surroundings
  #transactions = 0

  constructor(client: SimulatedClient, around: Surroundings) {
    this.client = client
    this.#around = around
  }

  /** Sends the next thing, if it is not too much. */
  act(): void {
    const { size } = this.client.unanswered
    if (this.transaction && this.#around.chance.chance(0.8)) {
      if (size < UNANSWERED_INSIDE_MAX) this.#continue(this.transaction)
    } else if (size < UNANSWERED_MAX) this.#plain()
  }

  /** Ends what is open. */
  finish(): void {
    if (this.transaction) this.#end(this.transaction)
  }

  /** The process died: transactions are gone, and so is what was asked of them, except that an `end` may have worked. */
  lost(): void {
    this.transaction = undefined
    for (const [seq, { work }] of this.client.unanswered) {
      const repeated =
        work.type === 'end' ||
        (work.type !== 'begin' &&
          work.type !== 'savepoint' &&
          work.type !== 'bare' &&
          work.type !== 'maintenance' &&
          work.transaction === undefined)
      if (!repeated) this.client.unanswered.delete(seq)
    }
  }

  #send(works: readonly Work[]): Sent[] {
    return this.client.send(works, this.#around.told())
  }

  #plain(): void {
    const { chance, statements } = this.#around
    const x = chance.next()
    if (x < 0.5) this.#send(Array.from({ length: chance.chance(0.2) ? 3 : 1 }, () => this.#write()))
    else if (x < 0.66) this.#send([this.#read()])
    else if (x < 0.74) this.#send([{ type: 'batch', items: this.#several(() => statements.write()) }])
    else if (x < 0.79) this.#send([{ type: 'script', items: this.#several(() => withoutParameters(statements)) }])
    else if (x < 0.84) this.#send([{ type: 'bulk', items: this.#bulk() }])
    else if (x < 0.93) this.#begin()
    else if (x < 0.97) {
      if (this.#around.bareAllowed()) this.#send([this.#bare()])
    } else this.#send([{ type: 'maintenance', action: chance.pick(['sync', 'checkpoint', 'compact']) }])
  }

  #begin(): void {
    if (this.transaction) return
    const { chance } = this.#around
    const id = ++this.#transactions
    const mode = chance.pick(['immediate', 'immediate', 'deferred', 'readonly'] as const)
    const [begun] = this.#send([{ type: 'begin', mode, transaction: id, lifetimeMs: 10_000 }])
    this.transaction = { id, mode, begun: begun!, steps: [], savepoint: false }
  }

  #continue(transaction: OpenTransaction): void {
    const { chance, statements } = this.#around
    const { id, mode, begun, steps } = transaction
    if (!begun.settled) return
    if ('code' in begun.settled) {
      this.transaction = undefined
      return
    }
    const inside = { transaction: id }
    const add = (...works: Work[]) => steps.push(...this.#send(works))
    const x = chance.next()
    if (x < 0.2) this.#end(transaction)
    else if (mode === 'readonly' || x < 0.3) add({ ...this.#read(), ...inside })
    else if (x < 0.7) add({ ...this.#write(), ...inside })
    else if (x < 0.78) add({ type: 'batch', items: this.#several(() => statements.write()), ...inside })
    else if (x < 0.83) add({ type: 'script', items: this.#several(() => withoutParameters(statements)), ...inside })
    else if (x < 0.86) add({ type: 'bulk', items: this.#bulk(), ...inside })
    else {
      const action = transaction.savepoint ? chance.pick(['release', 'rollback'] as const) : 'open'
      transaction.savepoint = !transaction.savepoint
      add({ type: 'savepoint', action, ...inside })
    }
  }

  #end(transaction: OpenTransaction): void {
    const action = this.#around.chance.chance(0.8) ? 'commit' : 'rollback'
    this.#send([{ type: 'end', action, transaction: transaction.id, steps: transaction.steps }])
    this.transaction = undefined
  }

  #write(): Work & { readonly type: 'statement' } {
    return { type: 'statement', items: [this.#around.statements.write()], want: 'rows' }
  }

  /** A whole table; now and then with so much beside it that it comes in many chunks. */
  #read(): Work & { readonly type: 'statement' } {
    const { statements, chance } = this.#around
    const table = statements.table()
    const wide = chance.chance(0.03) ? ', zeroblob(150000)' : ''
    return { type: 'statement', items: [{ sql: `SELECT *${wide} FROM ${table}`, parameters: [] }], want: 'rows' }
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

  #bulk(): Sql[] {
    const { int, pick } = this.#around.chance
    const sql = pick([
      'INSERT OR REPLACE INTO kv VALUES(?,?)',
      'INSERT INTO p(id,n) VALUES(?,?)',
      'INSERT INTO c(p,v) VALUES(?,?)',
      'INSERT INTO log VALUES(?,?)',
    ])
    return Array.from({ length: 1 + int(30) }, () => ({ sql, parameters: [int(500), int(9000)] }))
  }

  #several<T>(make: () => T): T[] {
    return Array.from({ length: 1 + this.#around.chance.int(4) }, make)
  }
}

function withoutParameters(statements: Statements): Sql {
  for (let tries = 0; tries < 20; tries++) {
    const statement = statements.write()
    if (statement.parameters.length === 0) return statement
  }
  return statements.sure()
}
