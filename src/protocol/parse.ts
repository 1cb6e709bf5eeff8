// From `unknown`, as it comes out of a port, to a message: shape checks by hand, because they run for every envelope.
// It stands apart as the only place that trusts nothing. What passes has the right fields with the right types, and
// every range of values lies inside the payload; what the fields mean is checked where they are used.

import type { WireError } from '../errors/wire-error.ts'
import { CANCEL_FLAGS_BYTES } from './cancel-flags.ts'
import { type Answer, type FromEngine, PROTOCOL_VERSION, type Request, type ToEngine } from './messages.ts'
import { type Fields, fields, flag, list, natural, nonNegative, nonsense, show, text, word } from './shapes.ts'

/**
 * Checks a message for the engine. Throws UsageError `protocol` on anything that no client of this version sends; the
 * exception is `hello`, of which only `protocol` and `client` are checked when the version differs, so that a version
 * can be refused by its number.
 */
export function parseToEngine(data: unknown): ToEngine {
  const message = fields(data, 'message to the engine')
  switch (message.type) {
    case 'requests': {
      text(message, 'client')
      natural(message, 'ackedThrough')
      const payloadBytes = payloadSize(message)
      for (const request of list(message, 'requests')) checkRequest(fields(request, 'request'), payloadBytes)
      return data as ToEngine
    }
    case 'hello': {
      text(message, 'client')
      if (natural(message, 'protocol') !== PROTOCOL_VERSION) return data as ToEngine
      if (message.line !== undefined) natural(message, 'line')
      const settings = fields(message.settings, 'settings')
      word(settings, 'durability', 'strict relaxed')
      flag(settings, 'foreignKeys')
      checkSync(fields(settings.sync, 'settings.sync'))
      if (settings.counts !== undefined) checkCounts(settings.counts)
      if (settings.pragmas !== undefined) checkPragmas(settings.pragmas)
      if (settings.functions !== undefined) for (const given of list(settings, 'functions')) checkFunction(given)
      if (message.start !== undefined) checkStart(fields(message.start, 'start'))
      return data as ToEngine
    }
    case 'goodbye':
      text(message, 'client')
      return data as ToEngine
    case 'visibility':
      text(message, 'client')
      flag(message, 'visible')
      return data as ToEngine
    case 'wasm':
      if (!(message.wasm instanceof WebAssembly.Module)) text(fields(message.wasm, 'wasm'), 'url')
      return data as ToEngine
    case 'broker':
      fields(message.port, 'port')
      return data as ToEngine
    default:
      throw nonsense(`unknown message type ${show(message.type)}`)
  }
}

/** Checks a message from the engine. Throws UsageError `protocol` on anything that no engine of this version sends. */
export function parseFromEngine(data: unknown): FromEngine {
  const message = fields(data, 'message from the engine')
  switch (message.type) {
    case 'answers': {
      const payloadBytes = payloadSize(message)
      for (const answer of list(message, 'answers')) checkAnswer(fields(answer, 'answer'), payloadBytes)
      if (message.counts !== undefined) checkCounts(message.counts)
      if (message.pragmas !== undefined) checkPragmas(message.pragmas)
      if (message.textOpen !== undefined) flag(message, 'textOpen')
      return data as FromEngine
    }
    case 'ready': {
      natural(message, 'protocol')
      const info = fields(message.info, 'info')
      text(info, 'storage')
      list(info, 'why')
      return data as FromEngine
    }
    case 'failed':
      checkError(message.error)
      return data as FromEngine
    case 'opening':
    case 'closed':
      return data as FromEngine
    case 'event': {
      const event = fields(message.event, 'event')
      text(event, 'name')
      if (event.name === 'terminated') checkError(event.error)
      return data as FromEngine
    }
    default:
      throw nonsense(`unknown message type ${show(message.type)}`)
  }
}

function checkSync(sync: Fields): void {
  for (const name of ['intervalMs', 'debounceMs', 'maxDirtyBytes', 'maxDirtyBlocks']) nonNegative(sync, name)
  if (sync.verifyAfterWrite !== undefined) flag(sync, 'verifyAfterWrite')
}

function checkStart(start: Fields): void {
  text(start, 'name')
  word(start, 'storage', 'auto opfs indexeddb node memory')
  word(start, 'checksum', 'xxhash64 crc32c blake3 none')
  natural(start, 'blockSize')
  natural(start, 'cacheBytes')
  natural(start, 'rowBytesMax')
  flag(start, 'debug')
  if (start.cancelFlags !== undefined && !isSharedMemory(start.cancelFlags, CANCEL_FLAGS_BYTES))
    throw nonsense('cancelFlags is not shared memory')
}

function checkRequest(request: Fields, payloadBytes: number): void {
  const type = request.type as Request['type']
  if (type === 'import-part') {
    natural(request, 'target')
    flag(request, 'last')
    checkRange(request, payloadBytes)
    return
  }
  if (type === 'cancel' || type === 'credit') {
    natural(request, 'target')
    if (type === 'credit') natural(request, 'chunks')
    return
  }
  natural(request, 'seq')
  nonNegative(request, 'timeoutMs')
  if (request.asks !== undefined) flag(request, 'asks')
  if (request.transaction !== undefined) natural(request, 'transaction')
  switch (type) {
    case 'statement':
      checkItem(request, payloadBytes)
      if (request.stream !== undefined) flag(request, 'stream')
      return
    case 'script':
    case 'prepare':
      text(request, 'sql')
      return
    case 'bulk':
      text(request, 'sql')
      natural(request, 'setCount')
      natural(request, 'valuesPerSet')
      natural(request, 'bulk')
      flag(request, 'last')
      checkParameters(request.sets, payloadBytes)
      return
    case 'batch':
      for (const item of list(request, 'items')) checkItem(fields(item, 'batch item'), payloadBytes)
      return
    case 'begin':
      natural(request, 'transaction')
      word(request, 'mode', 'immediate deferred readonly')
      nonNegative(request, 'lifetimeMs')
      return
    case 'end':
      natural(request, 'transaction')
      word(request, 'action', 'commit rollback')
      return
    case 'savepoint':
      natural(request, 'transaction')
      word(request, 'action', 'open release rollback')
      natural(request, 'depth')
      return
    case 'function':
      checkFunction(request.definition)
      return
    case 'maintenance':
      word(request, 'action', 'sync checkpoint compact verify metrics')
      return
    case 'export':
      return
    case 'import':
      natural(request, 'totalBytes')
      return
    default:
      throw nonsense(`unknown request type ${show(type satisfies never)}`)
  }
}

function checkItem(item: Fields, payloadBytes: number): void {
  text(item, 'sql')
  word(item, 'want', 'changes rows first-row first-value')
  if (item.parameters !== undefined) checkParameters(item.parameters, payloadBytes)
}

function checkParameters(value: unknown, payloadBytes: number): void {
  const parameters = fields(value, 'parameters')
  checkRange(parameters, payloadBytes)
  natural(parameters, 'count')
  if (parameters.names !== undefined) list(parameters, 'names')
}

function checkAnswer(answer: Fields, payloadBytes: number): void {
  natural(answer, 'seq')
  const type = answer.type as Answer['type']
  switch (type) {
    case 'result':
      checkResult(answer, payloadBytes)
      return
    case 'chunk':
      if (answer.columns !== undefined) list(answer, 'columns')
      checkRows(answer.rows, payloadBytes)
      return
    case 'batch-part':
    case 'batch-result':
      for (const result of list(answer, 'results')) checkResult(fields(result, 'result'), payloadBytes)
      return
    case 'done':
      return
    case 'bytes':
      checkRange(answer, payloadBytes)
      nonNegative(answer, 'total')
      return
    case 'progress':
      nonNegative(answer, 'done')
      nonNegative(answer, 'total')
      return
    case 'prepared':
      list(answer, 'columns')
      list(answer, 'parameterNames')
      flag(answer, 'readonly')
      return
    case 'report':
      text(fields(answer.report, 'report'), 'kind')
      return
    case 'error':
      checkError(answer.error)
      return
    default:
      throw nonsense(`unknown answer type ${show(type satisfies never)}`)
  }
}

function checkResult(result: Fields, payloadBytes: number): void {
  natural(result, 'changes')
  if (typeof result.lastInsertRowid !== 'bigint') throw nonsense('lastInsertRowid is not a bigint')
  if (result.columns !== undefined) list(result, 'columns')
  if (result.rows !== undefined) checkRows(result.rows, payloadBytes)
}

function checkRows(value: unknown, payloadBytes: number): void {
  const rows = fields(value, 'rows')
  checkRange(rows, payloadBytes)
  natural(rows, 'count')
  if (rows.of !== undefined) natural(rows, 'of')
}

function checkRange(range: Fields, payloadBytes: number): void {
  const at = natural(range, 'at')
  const bytes = natural(range, 'bytes')
  if (at + bytes > payloadBytes) {
    throw nonsense(`range ${at} to ${at + bytes} lies outside the payload of ${payloadBytes} bytes`)
  }
}

function checkPragmas(value: unknown): void {
  const pragmas = fields(value, 'pragmas')
  for (const name of Object.keys(pragmas)) text(pragmas, name)
}

function checkFunction(value: unknown): void {
  const definition = fields(value, 'function')
  text(definition, 'name')
  text(definition, 'module')
  text(definition, 'export')
  flag(definition, 'deterministic')
  flag(definition, 'directOnly')
}

function checkCounts(value: unknown): void {
  const counts = fields(value, 'counts')
  natural(counts, 'changes')
  natural(counts, 'totalChanges')
  if (typeof counts.lastInsertRowid !== 'bigint') throw nonsense('lastInsertRowid is not a bigint')
}

function checkError(value: unknown): asserts value is WireError {
  const error = fields(value, 'error')
  text(error, 'class')
  text(error, 'code')
  text(error, 'message')
  fields(error.facts, 'error.facts')
}

/** Where memory cannot be shared its class is missing. */
function isSharedMemory(value: unknown, bytes: number): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && value instanceof SharedArrayBuffer && value.byteLength === bytes
}

function payloadSize(message: Fields): number {
  const payload = message.payload
  if (payload === undefined) return 0
  if (!(payload instanceof ArrayBuffer)) throw nonsense('payload is not an ArrayBuffer')
  return payload.byteLength
}
