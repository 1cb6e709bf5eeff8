// The smallest questions about data from a port: is it an object, is this field a text. They stand apart from the parsers
// because each of those asks them. Each throws UsageError `protocol` where the answer is no.

import { UsageError } from '../errors/errors.ts'

export type Fields = Readonly<Record<string, unknown>>

export function fields(value: unknown, what: string): Fields {
  if (typeof value !== 'object' || value === null) throw nonsense(`${what} is ${show(value)}, not an object`)
  return value as Fields
}

export function text(object: Fields, name: string): string {
  const value = object[name]
  if (typeof value !== 'string') throw nonsense(`${name} is ${show(value)}, not a string`)
  return value
}

/** One of the words in `words`, which are separated by spaces. */
export function word(object: Fields, name: string, words: string): string {
  const value = text(object, name)
  if (!words.split(' ').includes(value)) throw nonsense(`${name} is ${show(value)}, not one of: ${words}`)
  return value
}

export function whole(object: Fields, name: string): number {
  const value = object[name]
  if (!Number.isSafeInteger(value)) throw nonsense(`${name} is ${show(value)}, not a whole number`)
  return value as number
}

export function flag(object: Fields, name: string): boolean {
  const value = object[name]
  if (typeof value !== 'boolean') throw nonsense(`${name} is ${show(value)}, not a boolean`)
  return value
}

export function natural(object: Fields, name: string): number {
  const value = object[name]
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
    throw nonsense(`${name} is ${show(value)}, not a whole number from 0`)
  }
  return value
}

export function nonNegative(object: Fields, name: string): number {
  const value = object[name]
  if (typeof value !== 'number' || !(value >= 0)) throw nonsense(`${name} is ${show(value)}, not a number from 0`)
  return value
}

export function list(object: Fields, name: string): readonly unknown[] {
  const value = object[name]
  if (!Array.isArray(value)) throw nonsense(`${name} is ${show(value)}, not an array`)
  return value
}

export function show(value: unknown): string {
  return typeof value === 'string' ? `'${value.slice(0, 40)}'` : value === null ? 'null' : typeof value
}

export function nonsense(what: string): UsageError {
  return new UsageError(
    'protocol',
    `A message of the DataSync protocol is malformed: ${what}. Page and worker must come from the same release; if a worker file is copied or cached, replace it.`,
  )
}
