// Where a call is made: on the database itself, or inside an interactive transaction. It stands apart because the calls
// are the same (`queryable.ts`) and only this differs: number, rules for sending again, who watches the writer.

import type { TransactionId } from '../protocol/messages.ts'
import type { CallObserver, CallPlan } from './call.ts'
import type { Session } from './session.ts'
import type { StatementText } from './sql-text.ts'

/** What a scope decides of a call. */
export type ScopedPlan = Pick<CallPlan<unknown>, 'resend' | 'asks' | 'ifLost' | 'observer'>

export interface Scope {
  readonly session: Session
  /** Part of each request; absent on the database itself. */
  readonly transaction: TransactionId | undefined
  /** Throws ClosedError, LeaderLostError or UsageError if no call may be made here now. */
  admit(text: StatementText): ScopedPlan
  /** To be called when a call has succeeded. */
  succeeded(text: StatementText): void
}

export class DatabaseScope implements Scope {
  readonly session: Session
  readonly transaction = undefined

  constructor(session: Session) {
    this.session = session
  }

  admit(text: StatementText): ScopedPlan {
    const again = this.session.admit(text)
    const watch = text.writes ? this.session.watch.observe() : undefined
    const observer = text.opens && !text.closes ? this.#opening(watch) : watch
    return { ...again, ifLost: text.reads ? 'no' : 'unknown', observer }
  }

  succeeded(text: StatementText): void {
    this.session.succeeded(text)
  }

  /** Until it is answered, what is called after it may be part of the transaction that it begins. */
  #opening(watch: CallObserver | undefined): CallObserver {
    return {
      made: (abandon) => {
        this.session.mayOpen(1)
        watch?.made(abandon)
      },
      settled: () => {
        this.session.mayOpen(-1)
        watch?.settled()
      },
    }
  }
}
