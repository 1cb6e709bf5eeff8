// The values of calls that are sent again, packed anew. It stands apart because requests name ranges of the payload they travel
// in, and another payload means other ranges.

import { ValueWriter } from '../protocol/value-writer.ts'
import type { Call, RequestBody } from './call.ts'

/**
 * Packs the values of `calls` in their order and moves their ranges; those sent before stand in front, their values in what
 * they kept, the others' values in `waiting`, which is emptied.
 */
export function packAgain(calls: readonly Call[], waiting: ValueWriter): ValueWriter {
  const waitingValues = waiting.length > 0 ? new Uint8Array(waiting.take()) : undefined
  const writer = new ValueWriter()
  for (const call of calls) {
    if (call.timesSent > 0) call.plan.reader.restart()
    const values = call.kept ? new Uint8Array(call.kept) : waitingValues
    const at = writer.length
    if (values) writer.append(values.subarray(call.from, call.to))
    call.body = moveRanges(call.body, at - call.from)
    call.from = at
    call.to = writer.length
    call.kept = undefined
  }
  return writer
}

/** The body with all its ranges moved by `delta` bytes. */
function moveRanges(body: RequestBody, delta: number): RequestBody {
  if (delta === 0) return body
  switch (body.type) {
    case 'statement':
      return body.parameters ? { ...body, parameters: { ...body.parameters, at: body.parameters.at + delta } } : body
    case 'bulk':
      return { ...body, sets: { ...body.sets, at: body.sets.at + delta } }
    case 'batch':
      return {
        ...body,
        items: body.items.map((item) =>
          item.parameters ? { ...item, parameters: { ...item.parameters, at: item.parameters.at + delta } } : item,
        ),
      }
    default:
      return body
  }
}
