// A bundler plugin that reduces the JavaScript of @sqlite.org/sqlite-wasm to what the engine uses. Its parts for kvvfs
// and OPFS return at once when they are switched off by configuration, as the engine does; these, the worker API, the
// object API and the helpers for writing a VFS or a virtual table are half of its size, read and compiled at every start,
// and name worker scripts that are not part of this package. It stands apart because it knows the inside of one exact
// version, and fails the build when that changes.
import { visit } from './syntax.mjs'

/** How the parts that are cut out begin or what they offer. */
const UNUSED_PARTS = [
  'sqlite3.__isUnderTest ? console.debug.bind(console) : sqlite3.config.debug', // oo1, the object API
  'sqlite3.initWorker1API = function() {',
  'sqlite3.vfs = vfs',
  'sqlite3.vtab = vtab',
  'if (sqlite3.config.disable?.vfs?.kvvfs) return',
  'if (sqlite3.config.disable?.vfs?.opfs && sqlite3.config.disable.vfs["opfs-vfs"]) return',
  'if (!sqlite3.opfs || sqlite3.config.disable?.vfs?.opfs) return',
  'if (sqlite3.config.disable?.vfs?.["opfs-sahpool"]) return',
  'if (!sqlite3.opfs || sqlite3.config.disable?.vfs?.["opfs-wl"]) return',
]

/** References to assets: the wasm is located by the page and handed over, the rest belongs to parts not used. */
const REFERENCES = [
  ['new URL("sqlite3.wasm", import.meta.url).href', '"sqlite3.wasm"'],
  ['new Worker(new URL("sqlite3-worker1.mjs", import.meta.url), { type: "module" })', 'undefined'],
  ['var _scriptName = import.meta.url', 'var _scriptName = globalThis.location?.href'],
]

export function reducedSqlite() {
  return {
    name: 'reduced-sqlite',
    transform(code, id) {
      if (!/@sqlite\.org[\\/]sqlite-wasm[\\/]dist[\\/]index\.mjs$/.test(id)) return
      return { code: withoutReferences(withoutUnusedParts(code, this.parse(code))), map: null }
    },
  }
}

/** Cuts out each `initializers.push(function ...)` that is one of the unused parts. */
function withoutUnusedParts(code, program) {
  const left = new Set(UNUSED_PARTS)
  const cuts = []
  visit(program, (node) => {
    if (node.type !== 'ExpressionStatement' || node.expression.type !== 'CallExpression') return
    const { callee } = node.expression
    if (code.slice(callee.start, callee.end) !== 'globalThis.sqlite3ApiBootstrap.initializers.push') return
    const head = code.slice(node.start, node.start + 500)
    const part = UNUSED_PARTS.find((start) => head.includes(start))
    if (part && left.delete(part)) cuts.push(node)
  })
  if (left.size > 0) throw new Error(`SQLite's JavaScript no longer has: ${[...left].join(' and ')}`)
  return cuts
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end }) => text.slice(0, start) + text.slice(end), code)
}

function withoutReferences(code) {
  return REFERENCES.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`SQLite's JavaScript no longer contains: ${from}`)
    return text.replaceAll(from, to)
  }, code)
}
