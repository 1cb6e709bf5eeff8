// The words for values that SQLite cannot hold. They stand apart from the writer because they are many and run once.

import { BindError } from '../errors/errors.ts'

/** Throws the BindError that says why `value` cannot be a parameter and what to give instead; never the value itself. */
export function refuseValue(value: unknown, parameter: string | number): never {
  const which = typeof parameter === 'number' ? `Parameter ${parameter}` : `Parameter '${parameter}'`
  throw new BindError(`${which} ${reason(value)}`, parameter)
}

function reason(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'is undefined. Give null for SQL NULL, or check for a misspelt property.'
    case 'number':
      return 'is NaN, which SQLite would store as NULL. Give null if that is meant.'
    case 'bigint':
      return 'is a bigint outside the 64 bits of an SQLite integer. Store it as text.'
    case 'string':
      return 'is a string with an unpaired surrogate, which UTF-8 cannot hold. Use text.toWellFormed(), or store bytes.'
    case 'symbol':
      return 'is a symbol. Give its description as a string.'
    case 'function':
      return 'is a function. Call it and give its result.'
    default:
      return objectReason(value)
  }
}

function objectReason(value: unknown): string {
  if (Array.isArray(value)) {
    return 'is an array. Give one parameter per value, or JSON.stringify(array) with json_each() in the SQL.'
  }
  if (value instanceof Date) return 'is an invalid Date. Check it with Number.isNaN(date.getTime()) before.'
  if (value instanceof Promise) return 'is a Promise. Await it first.'
  if (typeof Blob !== 'undefined' && value instanceof Blob) return 'is a Blob. Give await blob.arrayBuffer().'
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return 'is a boxed value. Give value.valueOf().'
  }
  return 'is an object. Give JSON.stringify(object), or one of its properties.'
}
