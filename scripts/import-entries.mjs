// Imports every entry of the built package in Node, as a server that renders pages or a test runner does, and looks whether
// anything happened: a global, a timer, a port, an output. Then opens a database there, which has to end in an error that
// says what to do. It stands apart because it needs a fresh process; `check-package.mjs` runs it.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const manifest = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'))
/** The worker is a script, not a module; the last two are no scripts. */
const NOT_IMPORTED = ['./worker', './sqlite3.wasm', './package.json']

const entries = Object.keys(manifest.exports).filter((entry) => !NOT_IMPORTED.includes(entry))
const before = facts()
for (const entry of entries) await import(`${manifest.name}${entry.slice(1)}`)
const after = facts()
if (after !== before) throw new Error(`importing the entries left something behind: ${after} instead of ${before}`)

for (const entry of ['datasync', 'datasync/inline']) {
  const { open } = await import(entry)
  const outcome = await open('app.db').then(
    () => 'it opened',
    ({ name, code, message }) => `${name} ${code}: ${message}`,
  )
  if (!/^StorageError unavailable: A database needs a web page/.test(outcome))
    throw new Error(`open() of ${entry} in Node: ${outcome}`)
}
console.log(`imported in Node without effect: ${entries.join(' ')}`)

function facts() {
  return JSON.stringify([Object.getOwnPropertyNames(globalThis).sort(), process.getActiveResourcesInfo().sort()])
}
