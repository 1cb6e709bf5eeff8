// Errors as plain data for crossing ports, and back. It stands apart because `structuredClone` keeps neither class, nor
// `code`, nor any other field of an error, so both ends need one place that knows which facts each class has.
// A round trip keeps class, code, message, every public fact and the cause: whole if it is one of this package's errors,
// else as name and message only.

import {
  AbortError,
  AssetLoadError,
  BindError,
  ClosedError,
  DataSyncError,
  type DataSyncErrorOptions,
  ImportError,
  type ImportErrorCode,
  LeaderLostError,
  SnapshotConflictError,
  SnapshotTooOldError,
  SqliteError,
  StorageError,
  type StorageErrorCode,
  TimeoutError,
  TransactionDeadlockError,
  UsageError,
  VersionTooNewError,
} from './errors.ts'
import type { WireError } from './wire-error.ts'

/** The public fields that travel, beside code and message. */
const FACTS = ['retryable', 'errno', 'sql', 'offset', 'block', 'parameter', 'applied', 'statements', 'url'] as const

/** Makes an error plain data. Whatever is not one of this package's errors becomes a DataSyncError with code `internal`. */
export function toWireError(error: unknown): WireError {
  if (!(error instanceof DataSyncError)) {
    const message = error instanceof Error ? `${error.name}: ${error.message}` : describe(error)
    return { class: 'DataSyncError', code: 'internal', message, facts: causeFact(error) }
  }
  const facts: Record<string, unknown> = { ...causeFact(error.cause) }
  for (const name of FACTS) {
    const value: unknown = Reflect.get(error, name)
    if (value !== undefined) facts[name] = value
  }
  return { class: error.name, code: error.code, message: error.message, facts }
}

/** Rebuilds the error that `toWireError` has described; a class that is not known here becomes the root class. */
export function fromWireError(wire: WireError): DataSyncError {
  const { code, message, facts } = wire
  const options: DataSyncErrorOptions = {
    ...(facts.retryable === true && { retryable: true }),
    ...(isWire(facts.cause) && { cause: fromWireError(facts.cause) }),
    ...(isCause(facts.cause) && { cause: rebuildCause(facts.cause) }),
  }
  switch (wire.class) {
    case 'SqliteError':
      return new SqliteError(code, message, {
        ...options,
        errno: numberFact(facts.errno) ?? 1,
        sql: stringFact(facts.sql),
        offset: numberFact(facts.offset) ?? -1,
      })
    case 'StorageError': {
      const block = numberFact(facts.block)
      return new StorageError(code as StorageErrorCode, message, { ...options, ...(block !== undefined && { block }) })
    }
    case 'ImportError':
      return new ImportError(code as ImportErrorCode, message, options)
    case 'BindError':
      return new BindError(message, numberFact(facts.parameter) ?? stringFact(facts.parameter))
    case 'UsageError':
      return new UsageError(code, message, options)
    case 'LeaderLostError': {
      const statements = numberFact(facts.statements)
      return new LeaderLostError(isApplied(facts.applied) ? facts.applied : 'unknown', message, {
        ...options,
        ...(statements !== undefined && { statements }),
      })
    }
    case 'TimeoutError':
      return new TimeoutError(message, options)
    case 'AbortError':
      return new AbortError(message, options)
    case 'ClosedError':
      return new ClosedError(message, options)
    case 'AssetLoadError': {
      const url = stringFact(facts.url)
      return new AssetLoadError(message, { ...options, ...(url !== undefined && { url }) })
    }
    case 'VersionTooNewError':
      return new VersionTooNewError(message)
    case 'TransactionDeadlockError':
      return new TransactionDeadlockError(message)
    case 'SnapshotConflictError':
      return new SnapshotConflictError(message)
    case 'SnapshotTooOldError':
      return new SnapshotTooOldError(message)
    default:
      return new DataSyncError(code, message, options)
  }
}

interface WireCause {
  readonly name: string
  readonly message: string
}

function causeFact(cause: unknown): Record<string, unknown> {
  if (cause instanceof DataSyncError) return { cause: toWireError(cause) }
  return cause instanceof Error ? { cause: { name: cause.name, message: cause.message } satisfies WireCause } : {}
}

function isWire(value: unknown): value is WireError {
  if (typeof value !== 'object' || value === null || !('class' in value && 'code' in value && 'message' in value))
    return false
  return 'facts' in value && typeof value.facts === 'object' && value.facts !== null
}

function isCause(value: unknown): value is WireCause {
  return typeof value === 'object' && value !== null && 'name' in value && 'message' in value
}

function rebuildCause(cause: WireCause): Error {
  const error = new Error(String(cause.message))
  error.name = String(cause.name)
  return error
}

function isApplied(value: unknown): value is LeaderLostError['applied'] {
  return value === 'no' || value === 'yes' || value === 'partly' || value === 'unknown'
}

function numberFact(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined
}

function stringFact(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function describe(value: unknown): string {
  return typeof value === 'string' ? value : `a value of type ${typeof value} was thrown`
}
