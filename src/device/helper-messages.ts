// What a device on IndexedDB and its helper say to each other. The helper is a thread of the same script with the only
// connection: it stores and fetches while the device's thread is busy or waits. It stands apart because both sides read it.

import { StorageError, type StorageErrorCode } from '../errors/errors.ts'
import { type Fields, fields, flag, natural, nonsense, show, text, whole, word } from '../protocol/shapes.ts'
import { DeviceError, type DeviceErrorReason } from './device.ts'
import { platformNameOf } from './device-errors.ts'
import { type Durability, NotBegunError } from './indexeddb-connection.ts'
import { type Head, LOG_AREAS } from './indexeddb-format.ts'
import type { StorablePiece } from './indexeddb-piece.ts'

/** The first message to a new worker: it is to be a helper. */
export interface HelperStart {
  readonly type: 'helper'
  readonly databaseName: string
  /** For chunks on their way, see chunk-exchange.ts. */
  readonly shared: SharedArrayBuffer
}

export type HelperCall =
  | { readonly verb: 'open'; readonly create: boolean }
  | {
      readonly verb: 'storePiece'
      readonly piece: StorablePiece
      readonly places: ReadonlySet<number>
      readonly to: Head
      readonly durability: Durability
    }
  | { readonly verb: 'readHead' }
  | { readonly verb: 'takeOver'; readonly owner: string; readonly create: boolean; readonly known: Head | undefined }
  | { readonly verb: 'addBallast'; readonly noise: readonly Uint8Array[] }
  | { readonly verb: 'giveUpBallast' }
  | { readonly verb: 'close' }

export type ToHelper =
  | HelperStart
  | { readonly type: 'call'; readonly id: number; readonly call: HelperCall }
  /** Answered in the shared memory, since the one who asks does not look at messages meanwhile. */
  | { readonly type: 'fetch'; readonly number: number; readonly first: number; readonly count: number }

export type FromHelper =
  | { readonly type: 'done'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly failure: Failure }
  /** Somebody wants to delete the storage. */
  | { readonly type: 'version-change' }

/** True if a message makes a new worker a helper. */
export function isHelperStart(data: unknown): data is HelperStart {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === 'helper'
}

/** Checks a message to a helper. Throws UsageError `protocol`. */
export function parseToHelper(data: unknown): ToHelper {
  const message = fields(data, 'message to the helper')
  switch (message.type) {
    case 'helper':
      text(message, 'databaseName')
      if (!(message.shared instanceof SharedArrayBuffer)) throw nonsense('shared is not shared memory')
      return data as ToHelper
    case 'call':
      whole(message, 'id')
      checkCall(fields(message.call, 'call'))
      return data as ToHelper
    case 'fetch':
      whole(message, 'number')
      natural(message, 'first')
      natural(message, 'count')
      return data as ToHelper
    default:
      throw nonsense(`unknown message type ${show(message.type)}`)
  }
}

function checkCall(call: Fields): void {
  const verb = call.verb as HelperCall['verb']
  switch (verb) {
    case 'open':
      flag(call, 'create')
      return
    case 'storePiece': {
      const { chunks, logs } = fields(call.piece, 'piece')
      if (!(chunks instanceof Map)) throw nonsense('chunks is no map')
      for (const area of LOG_AREAS) {
        const { puts, deletes } = fields(fields(logs, 'logs')[area], area)
        if (!(puts instanceof Map && deletes instanceof Set)) throw nonsense(`the changes of ${area} are none`)
      }
      if (!(call.places instanceof Set)) throw nonsense('places is no set')
      checkHead(fields(call.to, 'to'))
      word(call, 'durability', 'strict relaxed')
      return
    }
    case 'takeOver':
      text(call, 'owner')
      flag(call, 'create')
      if (call.known !== undefined) checkHead(fields(call.known, 'known'))
      return
    case 'addBallast':
      if (!Array.isArray(call.noise)) throw nonsense('noise is no array')
      return
    case 'readHead':
    case 'giveUpBallast':
    case 'close':
      return
    default:
      throw nonsense(`unknown call ${show(verb satisfies never)}`)
  }
}

function checkHead(head: Fields): void {
  text(head, 'owner')
  for (const name of ['format', 'term', 'piece']) natural(head, name)
  for (const area of ['main', ...LOG_AREAS]) natural(fields(head.sizes, 'sizes'), area)
}

/** Checks a message from a helper; the value of an answer is looked at by who asked. Throws UsageError `protocol`. */
export function parseFromHelper(data: unknown): FromHelper {
  const message = fields(data, 'message from the helper')
  switch (message.type) {
    case 'version-change':
      return data as FromHelper
    case 'done':
      whole(message, 'id')
      return data as FromHelper
    case 'failed': {
      whole(message, 'id')
      const failure = fields(message.failure, 'failure')
      const kind = word(failure, 'kind', 'device storage not-begun platform')
      text(failure, 'message')
      if (kind === 'device') text(failure, 'reason')
      if (kind === 'storage') text(failure, 'code')
      if (kind === 'platform') text(failure, 'name')
      return data as FromHelper
    }
    default:
      throw nonsense(`unknown message type ${show(message.type)}`)
  }
}

/** A failure as plain data, since a clone keeps neither class nor code. */
export type Failure =
  | { readonly kind: 'device'; readonly reason: DeviceErrorReason; readonly message: string }
  | { readonly kind: 'storage'; readonly code: StorageErrorCode; readonly message: string }
  | { readonly kind: 'not-begun'; readonly message: string }
  | { readonly kind: 'platform'; readonly name: string; readonly message: string }

export function failureFrom(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  if (error instanceof DeviceError) return { kind: 'device', reason: error.reason, message }
  if (error instanceof StorageError) return { kind: 'storage', code: error.code as StorageErrorCode, message }
  if (error instanceof NotBegunError) return { kind: 'not-begun', message }
  return { kind: 'platform', name: platformNameOf(error) || 'UnknownError', message }
}

export function errorFrom(failure: Failure): Error {
  switch (failure.kind) {
    case 'device':
      return new DeviceError(failure.reason, failure.message)
    case 'storage':
      return new StorageError(failure.code, failure.message)
    case 'not-begun':
      return new NotBegunError(failure.message)
    case 'platform':
      return new DOMException(failure.message, failure.name)
  }
}
