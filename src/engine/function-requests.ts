// Requests that register a function, and the functions that a client brings along from a former engine. They stand apart
// because they wait for a module to be loaded, beside everything else: only the client's own later requests wait for them.
import { UsageError } from '../errors/errors.ts'
import type { FunctionRequest } from '../protocol/messages.ts'
import type { Host } from './host.ts'
import type { Job } from './job.ts'
import { ChunkStream, type Session } from './session.ts'
import { type UserFunction, UserFunctions } from './user-functions.ts'

export class FunctionRequests {
  readonly #runner: Host
  readonly #functions = new UserFunctions()
  #builtIn: ReadonlySet<string> | undefined

  constructor(runner: Host) {
    this.#runner = runner
  }

  run(job: Job, { definition }: FunctionRequest): 'detached' {
    const { session } = job
    const { clock, scheduler } = this.#runner
    this.#refuseBuiltIn(definition.name)
    const { seq } = job.request
    const stream = new ChunkStream()
    const given = new Promise<never>((_, reject) => {
      stream.wake = () => {
        try {
          job.checkGoesOn(clock.monotonicMs())
        } catch (error) {
          reject(error)
        }
      }
    })
    session.streams.set(seq, stream)
    const waitMs = job.deadlineMs - clock.monotonicMs()
    const cancelTimer = Number.isFinite(waitMs) ? clock.after(Math.max(0, waitMs), () => stream.wake?.()) : undefined
    Promise.race([this.#functions.load(definition), given])
      .then(
        (loaded) => {
          add(session, loaded)
          this.#runner.done(job)
        },
        (error: unknown) => {
          this.#runner.fail(job, error)
        },
      )
      .finally(() => {
        cancelTimer?.()
        session.streams.delete(seq)
        this.#runner.settle()
        scheduler.finish(job)
      })
      .catch((error: unknown) => this.#runner.latch(error))
    return 'detached'
  }

  /** Loads what the client had registered before; nothing of the client runs until this has ended. */
  restore(session: Session): void {
    const { functions = [] } = session.settings
    if (functions.length === 0) return
    session.restoring = true
    const loads = functions.map(async (definition) => {
      try {
        add(session, await this.#functions.load(definition))
      } catch (error) {
        session.warn(`The function ${definition.name} could not be registered again: ${error}`)
      }
    })
    void Promise.all(loads).then(() => {
      session.restoring = false
      this.#runner.scheduler.wake()
    })
  }

  #refuseBuiltIn(name: string): void {
    this.#builtIn ??= this.#builtInNames()
    if (!this.#builtIn.has(name.toLowerCase())) return
    throw new UsageError('invalid-argument', `SQLite has a function '${name}' of its own; choose another name.`)
  }

  #builtInNames(): Set<string> {
    const { writer } = this.#runner.database
    const { exports, heap } = writer.instance
    const statement = writer.prepare('SELECT name FROM pragma_function_list WHERE builtin')
    const names = new Set<string>()
    try {
      while (statement.step())
        names.add((heap.text(exports.sqlite3_column_text(statement.pointer, 0)) ?? '').toLowerCase())
    } finally {
      writer.release(statement)
    }
    return names
  }
}

function add(session: Session, loaded: UserFunction): void {
  session.functions = new Map([...session.functions, [loaded.name.toLowerCase(), loaded]])
}
