// Compiling a statement only to tell its shape. It stands apart from running: it takes no transaction and leaves nothing.
import type { PrepareRequest } from '../protocol/messages.ts'
import type { Connection } from './connection.ts'
import type { Host } from './host.ts'
import type { Job } from './job.ts'
import { needsWriter } from './statement-rules.ts'

/** Answers a `prepare` outside of a transaction, on a reader while the writer is taken. */
export function runPrepare(runner: Host, job: Job, request: PrepareRequest): 'done' {
  const { readers, writer } = runner.database
  const onReader = runner.owner !== undefined
  const connection = onReader ? readers.acquire('read') : writer
  try {
    runner.enter(job.session, connection)
    return answerPrepared(runner, job, connection, request.sql)
  } finally {
    if (onReader) readers.release(connection)
  }
}

/** Compiles on `connection` and answers `prepared`. */
export function answerPrepared(runner: Host, job: Job, connection: Connection, sql: string): 'done' {
  const { seq } = job.request
  const statement = runner.compile(job.session, connection, sql)
  const columns = statement?.columns ?? []
  const parameterNames = statement?.parameterNames ?? []
  const readonly = statement ? !needsWriter(statement) : true
  if (statement) connection.release(statement)
  runner.send(job, () => ({ type: 'prepared', seq, columns, parameterNames, readonly }), false)
  return 'done'
}
