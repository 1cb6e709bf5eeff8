// The options of `open` and of every call: their types, defaults and checks. It stands apart so that a misspelt or
// ill-typed option is refused in one way everywhere, before anything has happened.

import { UsageError } from '../errors/errors.ts'
import type { ChecksumName, Durability, IntegerMode, StorageChoice, SyncPolicy } from '../protocol/messages.ts'
import { SESSION_PRAGMAS, type SessionPragmas } from '../protocol/session-pragmas.ts'
import type { TimedOptions } from './timing.ts'

/** Options of every call. */
export interface CallOptions {
  /**
   * Ends the call with AbortError, at once. A write that was already sent may or may not have been applied. The worker stops
   * too: in a cross-origin isolated page inside the statement that runs, elsewhere where it takes messages: between the rows
   * of a read on a snapshot, the slices of verify, export and import, the parts of runMany. A single statement that does
   * not come to such a point goes on to its end or its `timeoutMs` (docs/cancel.md).
   */
  readonly signal?: AbortSignal | undefined
  /** Milliseconds until the call ends with TimeoutError; 0 for no limit. Default: the `timeoutMs` of `open`. */
  readonly timeoutMs?: number | undefined
}

/** Options of long calls that tell how far they are. */
export interface ProgressOptions extends CallOptions {
  /** Called now and then with what is done and with the whole, in one unit. If it throws, the call ends with that error. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined
}

/** Options of `run`. */
export interface RunOptions extends CallOptions, TimedOptions {}

/** Options of calls that give rows. */
export interface QueryOptions extends RunOptions {
  /** `object` (default): by column name, the last of several columns with one name counts. `array`: all columns in order. */
  readonly rowMode?: 'object' | 'array' | undefined
  /** How integers come out. Default: the `integers` of `open`. */
  readonly integers?: IntegerMode | undefined
}

/** Options of `transaction`. */
export interface TransactionOptions {
  /**
   * `immediate` (default) waits for the writer first. `deferred` starts on a snapshot and waits at its first write; it
   * ends with SnapshotConflictError if the snapshot is old by then.
   */
  readonly mode?: 'immediate' | 'deferred' | undefined
  /** True: reads one snapshot, never waits, cannot write. Default false. */
  readonly readonly?: boolean | undefined
  /** Milliseconds that the transaction may stay open before it is rolled back; 0 for no limit. Default 10 000. */
  readonly timeoutMs?: number | undefined
  /** How often the callback is run again after a retryable error, also one that is the `cause` of another. Default 0. */
  readonly retries?: number | undefined
  /** Rolls the transaction back and ends the call with AbortError. */
  readonly signal?: AbortSignal | undefined
}

/** Options of `deleteDatabase` and `listDatabases`. */
export interface StoredOptions extends CallOptions {
  /** Like the `workerUrl` of `open`. */
  readonly workerUrl?: string | URL | undefined
}

/** Options of `open`. */
export interface OpenOptions {
  /**
   * Where the bytes live. `auto` (default): OPFS, else IndexedDB, else an error. `memory` forgets everything at close.
   * `node`: files, in `datasync/node` only.
   */
  readonly storage?: StorageChoice | undefined
  /** When a write is acknowledged. `strict` (default): it survives a power cut. `relaxed`: it survives a killed browser. */
  readonly durability?: Durability | undefined
  /** `auto` (default): number when safe, else bigint. `number`: an unsafe integer is an error. `bigint`: always bigint. */
  readonly integers?: IntegerMode | undefined
  /** Bytes per block of a new database, a power of two from 512 to 65536. Default 4096. */
  readonly blockSize?: number | undefined
  /** How blocks of a new database are checked on every read. Default `xxhash64`. */
  readonly checksum?: ChecksumName | undefined
  /** Bytes of SQLite's page caches together. Default 8 MiB. */
  readonly cacheBytes?: number | undefined
  /**
   * Bytes beyond which a row comes in pieces, of which at most four are under way, so that the worker never holds all of it.
   * Of several tabs, that of the one which leads counts. Default 1 MiB.
   */
  readonly rowBytesMax?: number | undefined
  /** Milliseconds until a call ends with TimeoutError; 0 for no limit. Default 30 000; VACUUM has none by itself. */
  readonly timeoutMs?: number | undefined
  /** Whether foreign keys are enforced. Default true. */
  readonly foreignKeys?: boolean | undefined
  /**
   * PRAGMAs that are in force for this client from the start: `recursive_triggers`, `case_sensitive_like`,
   * `reverse_unordered_selects`, `cache_size`, `busy_timeout`. Default: SQLite's own values.
   */
  readonly pragmas?: Readonly<Partial<Record<OpenPragma, boolean | number>>> | undefined
  /** When relaxed commits are synced; what is left out keeps its default. */
  readonly sync?: Partial<SyncPolicy> | undefined
  /** Address of the worker's script, for bundlers that do not find it; same origin as the page. */
  readonly workerUrl?: string | URL | undefined
  /** Address of `sqlite3.wasm`, for bundlers that do not find it. */
  readonly wasmUrl?: string | URL | undefined
  /** The compiled `sqlite3.wasm`; then no address is needed. */
  readonly wasmModule?: WebAssembly.Module | undefined
  /**
   * Logs to the console what happens in page and worker, with SQL but without values; else nothing is ever logged. Any text
   * under `datasync-debug` in `localStorage` turns it on too. Of the worker, that of the tab which leads counts. Default false.
   */
  readonly debug?: boolean | undefined
  /** Ends the opening with AbortError. */
  readonly signal?: AbortSignal | undefined
}

type OpenPragma = Exclude<(typeof SESSION_PRAGMAS)[number], 'foreign_keys'>
type Defaulted = 'workerUrl' | 'wasmUrl' | 'wasmModule' | 'signal'
/** `OpenOptions` with every default filled in. */
export type ResolvedOptions = {
  readonly [K in Exclude<keyof OpenOptions, Defaulted | 'sync' | 'pragmas'>]-?: NonNullable<OpenOptions[K]>
} & { readonly sync: SyncPolicy; readonly pragmas: SessionPragmas } & { readonly [K in Defaulted]: OpenOptions[K] }

const MIB = 1 << 20
const SYNC_DEFAULTS: SyncPolicy = { intervalMs: 1000, debounceMs: 250, maxDirtyBytes: 4 * MIB, maxDirtyBlocks: 1024 }

/** Checks the options of `open` and fills in the defaults. Throws UsageError `unknown-option` or `invalid-argument`. */
export function resolveOpenOptions(given: OpenOptions): ResolvedOptions {
  checkOptions('open()', given, OPEN_CHECKS)
  if (given.sync !== undefined) checkOptions('the option sync of open()', given.sync, SYNC_CHECKS)
  if (given.pragmas !== undefined) checkOptions('the option pragmas of open()', given.pragmas, PRAGMA_CHECKS)
  return {
    storage: given.storage ?? 'auto',
    durability: given.durability ?? 'strict',
    integers: given.integers ?? 'auto',
    blockSize: given.blockSize ?? 4096,
    checksum: given.checksum ?? 'xxhash64',
    cacheBytes: given.cacheBytes ?? 8 * MIB,
    rowBytesMax: given.rowBytesMax ?? MIB,
    timeoutMs: given.timeoutMs ?? 30_000,
    foreignKeys: given.foreignKeys ?? true,
    sync: { ...SYNC_DEFAULTS, ...withoutUndefined(given.sync ?? {}) },
    pragmas: Object.fromEntries(
      Object.entries(withoutUndefined(given.pragmas ?? {})).map(([name, value]) => [name, String(Number(value))]),
    ),
    debug: given.debug ?? false,
    workerUrl: given.workerUrl,
    wasmUrl: given.wasmUrl,
    wasmModule: given.wasmModule,
    signal: given.signal,
  }
}

export function checkStoredOptions(call: string, given: StoredOptions | undefined): void {
  if (given !== undefined) checkOptions(call, given, { ...CALL_CHECKS, workerUrl: aUrl })
}

/** Throws UsageError `invalid-argument` unless `value` is a string; `what` names it. */
export function checkText(what: string, value: unknown): asserts value is string {
  if (typeof value !== 'string') throw invalid(what, 'a string', value)
}

/** Throws UsageError `invalid-argument` unless `name` can name a database. */
export function checkDatabaseName(name: unknown): asserts name is string {
  checkText('The name of a database', name)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused
  if (name === '' || name.length > 100 || /[/\\\u0000-\u001f]/.test(name) || name === '.' || name === '..') {
    throw new UsageError(
      'invalid-argument',
      'The name of a database is a text of 1 to 100 characters without slashes and control characters, such as app.db.',
    )
  }
}

/** Says what a value must be, in words; undefined when it is that. */
export type Check = (value: unknown) => string | undefined

export function oneOf(...choices: readonly string[]): Check {
  const words = choices.map((choice) => `'${choice}'`).join(' or ')
  return (value) => (typeof value === 'string' && choices.includes(value) ? undefined : words)
}

export function wholeFrom(least: number, unit: string): Check {
  return (value) =>
    typeof value === 'number' && Number.isSafeInteger(value) && value >= least
      ? undefined
      : `a whole number of ${unit} from ${least}`
}

export const aFlag: Check = (value) => (typeof value === 'boolean' ? undefined : 'true or false')
export const aUrl: Check = (value) =>
  typeof value === 'string' || value instanceof URL ? undefined : 'a string or a URL'
export const aText: Check = (value) => (typeof value === 'string' ? undefined : 'a string')
export const aTimeMs: Check = (value) =>
  typeof value === 'number' && value >= 0 ? undefined : 'a number of milliseconds from 0'
export const aSignal: Check = (value) => (isAbortSignal(value) ? undefined : 'an AbortSignal')
const aModule: Check = (value) => (value instanceof WebAssembly.Module ? undefined : 'a WebAssembly.Module')
const anObject: Check = (value) => (typeof value === 'object' && value !== null ? undefined : 'an object')
export const aFunction: Check = (value) => (typeof value === 'function' ? undefined : 'a function')
const aBlockSize: Check = (value) =>
  typeof value === 'number' && value >= 512 && value <= 65_536 && Number.isInteger(Math.log2(value))
    ? undefined
    : 'a power of two from 512 to 65536'

export const CALL_CHECKS = { signal: aSignal, timeoutMs: aTimeMs } satisfies Record<keyof CallOptions, Check>
export const INTEGERS = oneOf('auto', 'number', 'bigint')
const SYNC_CHECKS = {
  intervalMs: aTimeMs,
  debounceMs: aTimeMs,
  maxDirtyBytes: wholeFrom(0, 'bytes'),
  maxDirtyBlocks: wholeFrom(0, 'blocks'),
  verifyAfterWrite: aFlag,
} satisfies Record<keyof SyncPolicy, Check>
const aSetting: Check = (value) =>
  typeof value === 'boolean' || Number.isSafeInteger(value) ? undefined : 'true, false or a whole number'
const PRAGMA_CHECKS = Object.fromEntries(
  SESSION_PRAGMAS.filter((name) => name !== 'foreign_keys').map((name) => [name, aSetting]),
)
const OPEN_CHECKS = {
  storage: oneOf('auto', 'opfs', 'indexeddb', 'memory', 'node'),
  durability: oneOf('strict', 'relaxed'),
  integers: INTEGERS,
  blockSize: aBlockSize,
  checksum: oneOf('xxhash64', 'crc32c', 'blake3', 'none'),
  cacheBytes: wholeFrom(0, 'bytes'),
  rowBytesMax: wholeFrom(1, 'bytes'),
  timeoutMs: aTimeMs,
  foreignKeys: aFlag,
  pragmas: anObject,
  sync: anObject,
  workerUrl: aUrl,
  wasmUrl: aUrl,
  wasmModule: aModule,
  debug: aFlag,
  signal: aSignal,
} satisfies Record<keyof OpenOptions, Check>

/** Throws UsageError unless `given` is an object with known options that pass their checks; `where` names it. */
export function checkOptions(where: string, given: unknown, checks: Readonly<Record<string, Check>>): void {
  if (typeof given !== 'object' || given === null) throw invalid(`The options of ${where}`, 'an object', given)
  for (const [name, value] of Object.entries(given)) {
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined
    if (!check) {
      const known = Object.keys(checks).join(', ')
      throw new UsageError('unknown-option', `'${name}' is no option of ${where}. The options are: ${known}.`)
    }
    const expected = value === undefined ? undefined : check(value)
    if (expected !== undefined) throw invalid(`The option ${name} of ${where}`, expected, value)
  }
}

function invalid(what: string, expected: string, value: unknown): UsageError {
  const seen =
    typeof value === 'string' ? `'${value.slice(0, 40)}'` : typeof value === 'number' ? String(value) : kind(value)
  return new UsageError('invalid-argument', `${what} must be ${expected}, not ${seen}.`)
}

function kind(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'an array' : `of type ${typeof value}`
}

function isAbortSignal(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'aborted' in value && 'addEventListener' in value
}

function withoutUndefined<T extends object>(object: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}
