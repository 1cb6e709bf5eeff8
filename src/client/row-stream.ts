// Rows one by one as their reader asks for them. It stands apart from the calls that give all rows at once: its life is
// that of a loop in the application, which may end before the rows do.

import { UsageError } from '../errors/errors.ts'
import type { ArrayRow, ObjectRow } from '../protocol/row-reader.ts'
import { RowSink } from './answer-readers.ts'
import { Flow } from './flow.ts'
import type { QueryOptions } from './options.ts'
import type { Scope } from './scope.ts'
import { statementText } from './sql-text.ts'
import { type GivenStatement, packParameters } from './statement-arguments.ts'
import { Stopwatch } from './timing.ts'

/** The rows of a statement that reads. Nothing is sent before the first row is asked for. */
export async function* streamRows(
  scope: Scope,
  { text, params }: GivenStatement,
  options: QueryOptions | undefined,
): AsyncGenerator<ObjectRow | ArrayRow, void, undefined> {
  const { session, transaction } = scope
  const { rowMode = 'object', integers = session.options.integers } = options ?? {}
  const sink = new RowSink({ rowMode, integers }, (columns) => session.warnDuplicates(columns))
  const watch = new Stopwatch(session.clock, options?.onTiming ?? (() => {}))
  const flow = new Flow(scope, {
    text: { ...statementText(text), writes: false },
    timeoutMs: options?.timeoutMs ?? session.options.timeoutMs,
    signal: options?.signal,
    build: (writer) => ({
      type: 'statement',
      sql: text,
      parameters: packParameters(writer, params),
      want: 'rows',
      stream: true,
      ...(transaction !== undefined && { transaction }),
    }),
  })
  try {
    for (let piece = await flow.next(); piece; piece = await flow.next()) {
      const { answer, payload } = piece
      if (answer.type !== 'chunk' && answer.type !== 'result') {
        throw new UsageError('protocol', `The engine answered '${answer.type}' instead of rows.`)
      }
      watch.decode(() => sink.take(answer.columns, answer.rows, payload))
      if (answer.type === 'result') watch.end(answer)
      for (const row of sink.drain()) yield row
    }
  } finally {
    flow.end()
  }
}
