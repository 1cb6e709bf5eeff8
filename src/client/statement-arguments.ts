// The three ways to give a statement to a call: a text with parameters, a fragment, a template. It stands apart so that
// every call takes the same three and answers misuse in the same words.

import { UsageError } from '../errors/errors.ts'
import type { PackedParameters } from '../protocol/messages.ts'
import { type Parameters, type ValueWriter, writeParameters } from '../protocol/value-writer.ts'
import { checkText } from './options.ts'
import { isTemplate, SqlFragment, type SqlPart, sql } from './sql.ts'

/** What a call was asked to run. */
export interface GivenStatement {
  readonly text: string
  readonly params: Parameters | undefined
  /** Not checked yet. */
  readonly options: unknown
}

/** Reads the arguments of a call: (text, params, options), (fragment, options) or those of a template tag. */
export function givenStatement(call: string, [first, ...rest]: readonly unknown[]): GivenStatement {
  if (isTemplate(first)) {
    const { text, values } = sql(first, ...(rest as SqlPart[]))
    return { text, params: values, options: undefined }
  }
  if (first instanceof SqlFragment) {
    if (Array.isArray(rest[0]) || rest.length > 1) {
      throw new UsageError(
        'invalid-argument',
        `A fragment brings its own values: ${call} takes it with options or alone, without parameters.`,
      )
    }
    return { text: first.text, params: first.values, options: rest[0] }
  }
  checkText(`The SQL of ${call}`, first)
  return { text: first, params: rest[0] as Parameters | undefined, options: rest[1] }
}

/** Packs parameters behind what the writer holds already. Throws BindError. */
export function packParameters(writer: ValueWriter, params: Parameters | undefined): PackedParameters | undefined {
  if (params === undefined) return undefined
  const at = writer.length
  const packed = writeParameters(writer, params)
  return { at, bytes: writer.length - at, ...packed }
}
