// A bundler plugin that reduces the JavaScript of @sqlite.org/sqlite-wasm to what the engine uses. Its parts for kvvfs
// and OPFS return at once when they are switched off by configuration, as the engine does; these, the worker API, the
// object API and the helpers for writing a VFS or a virtual table are half of its size, read and compiled at every start,
// and name worker scripts that are not part of this package. It stands apart because it knows the inside of one exact
// version, and fails the build when that changes.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
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

/** The functions of the wasm module once more, as properties of another object that nobody asks. */
const SECOND_NAMES = /^\s*Module\["_\w+"\] = wasmExports\["\w+"\];\n/gm

/** The objects that hold SQLite's functions and the helpers for calling them. */
const HELPED = ['capi', 'target', 'wasm', 'util', 'sqlite3']

/** References to assets: the wasm is located by the page and handed over, the rest belongs to parts not used. */
const REFERENCES = [
  ['new URL("sqlite3.wasm", import.meta.url).href', '"sqlite3.wasm"'],
  ['new Worker(new URL("sqlite3-worker1.mjs", import.meta.url), { type: "module" })', 'undefined'],
  ['var _scriptName = import.meta.url', 'var _scriptName = globalThis.location?.href'],
]

/** `source` is the folder whose code calls SQLite: functions that are wrapped for it stay. */
export function reducedSqlite(source) {
  const called = namesCalled(source)
  return {
    name: 'reduced-sqlite',
    transform(code, id) {
      if (!/@sqlite\.org[\\/]sqlite-wasm[\\/]dist[\\/]index\.mjs$/.test(id)) return
      const parts = withoutSecondNames(withoutUnusedParts(code, this.parse(code)))
      const wrapped = withoutUnusedWrappers(parts, this.parse(parts), called)
      const helped = withoutUnusedHelpers(wrapped, (text) => this.parse(text), called)
      return { code: withoutReferences(helped), map: null }
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
  return cut(code, cuts)
}

/** Cuts the signatures of functions that would be wrapped, while it starts, for nobody. */
function withoutUnusedWrappers(code, program, called) {
  const mentions = new Map()
  const signatures = []
  visit(program, (node) => {
    const name = node.type === 'Identifier' ? node.name : node.type === 'Literal' ? node.value : undefined
    if (typeof name === 'string' && name.startsWith('sqlite3_')) mentions.set(name, (mentions.get(name) ?? 0) + 1)
    if (node.type === 'ArrayExpression' && /^sqlite3_\w+$/.test(node.elements[0]?.value) && node.elements.length > 1)
      signatures.push(node)
  })
  const unused = signatures.filter(({ elements: [{ value }] }) => mentions.get(value) === 1 && !called.has(value))
  if (unused.length === 0) throw new Error("SQLite's JavaScript no longer lists the signatures of its functions")
  return cut(code, unused, '...[]')
}

/** Cuts functions that are only ever put in their place, until each that is left is mentioned elsewhere. */
function withoutUnusedHelpers(code, parse, called) {
  const mentions = new Map()
  const helpers = []
  visit(parse(code), (node) => {
    const name = node.type === 'Identifier' ? node.name : node.type === 'Literal' ? node.value : undefined
    if (typeof name === 'string') mentions.set(name, (mentions.get(name) ?? 0) + 1)
    if (node.type !== 'ExpressionStatement' || node.expression.type !== 'AssignmentExpression') return
    const { left, right } = node.expression
    if (left.type !== 'MemberExpression' || left.computed || !HELPED.includes(left.object.name)) return
    if (/^(Arrow)?FunctionExpression$/.test(right.type)) helpers.push({ node, name: left.property.name })
  })
  const unused = helpers.filter(({ name }) => mentions.get(name) === 1 && !called.has(name)).map(({ node }) => node)
  return unused.length === 0 ? code : withoutUnusedHelpers(cut(code, unused), parse, called)
}

/** Every name after a dot in the TypeScript files of a folder. */
function namesCalled(folder) {
  const files = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.ts'))
  const text = files.map((name) => readFileSync(join(folder, name), 'utf8')).join('\n')
  return new Set([...text.matchAll(/\.(\w+)/g)].map(([, name]) => name))
}

function cut(code, nodes, instead = '') {
  return [...nodes]
    .sort((a, b) => b.start - a.start)
    .reduce((text, { start, end }) => text.slice(0, start) + instead + text.slice(end), code)
}

function withoutSecondNames(code) {
  if (code.match(SECOND_NAMES) === null) throw new Error("SQLite's JavaScript no longer names its functions twice")
  return code.replace(SECOND_NAMES, '')
}

function withoutReferences(code) {
  return REFERENCES.reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`SQLite's JavaScript no longer contains: ${from}`)
    return text.replaceAll(from, to)
  }, code)
}
