// What an IndexedDB database of this package holds, as names and types. It stands apart because it outlives every
// version of the code that reads it.
//
//  object store   key                        value
//  head           'head'                     Head
//  main           index of a 64 KiB chunk    Uint8Array of 65 536 bytes; a missing chunk is zeros
//  log-0, log-1   number of the write call   LogValue; laid down in the order of the numbers (log-values.ts)
//  ballast        0 to 95                    65 536 bytes of noise, given up when the quota is used up
//
// Nothing of `scratch` is stored. Bytes of an area that no value covers are zeros up to the size in the head.

import type { Area } from './device.ts'

export const FORMAT = 1
export const SCHEMA_VERSION = 1
export const CHUNK_BYTES = 65536
/** Enough for what is reserved and not stored (homes of two small logs, a step of the main area) and a piece on its way. */
export const BALLAST_VALUES = 96
export const HEAD_KEY = 'head'
export const STORES = ['head', 'main', 'log-0', 'log-1', 'ballast'] as const

export type LogArea = 'log-0' | 'log-1'
export type StoredArea = 'main' | LogArea
export const LOG_AREAS: readonly LogArea[] = ['log-0', 'log-1']

export type Sizes = { readonly [area in StoredArea]: number }

export interface Head {
  readonly format: number
  /** 32 hexadecimal digits, new at each open: the fence. */
  readonly owner: string
  /** Raised by one at each open. */
  readonly term: number
  /** Transactions stored by this owner. */
  readonly piece: number
  readonly sizes: Sizes
}

/** One write call. Without `bytes` it is `length` zeros, which a truncation leaves over what it cut in two. */
export interface LogValue {
  readonly at: number
  readonly length: number
  readonly bytes?: Uint8Array<ArrayBuffer>
}

export function isLogArea(area: Area): area is LogArea {
  return area === 'log-0' || area === 'log-1'
}

/** The head; undefined if there is none, one of format 0, which nobody knows, if it cannot be understood. */
export function parseHead(value: unknown): Head | undefined {
  if (value === undefined) return undefined
  const head = value as { readonly [field in keyof Head]?: unknown } | null
  if (typeof head === 'object' && head !== null && typeof head.format === 'number') return value as Head
  return { format: 0, owner: '', term: 0, piece: 0, sizes: { main: 0, 'log-0': 0, 'log-1': 0 } }
}
