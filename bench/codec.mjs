// Time of the page's half of the value codec: rows decoded into objects and arrays, parameters packed. It runs in Node,
// so it shows V8 only; it exists to compare two versions of the codec, not to be quoted. `node bench/codec.mjs`.

import { build } from 'esbuild'

const ROWS = 100_000
const ROUNDS = 9

const bundle = await build({
  stdin: {
    contents: `export * from './src/protocol/row-reader.ts'; export * from './src/protocol/value-writer.ts'`,
    resolveDir: new URL('..', import.meta.url).pathname,
  },
  bundle: true,
  format: 'esm',
  write: false,
  target: 'es2022',
})
const codec = await import(
  `data:text/javascript;base64,${Buffer.from(bundle.outputFiles[0].contents).toString('base64')}`
)

const columns = ['id', 'name', 'email', 'score', 'country']
const parameters = Array.from({ length: ROWS }, (_, i) => [
  i,
  `name number ${i}`,
  `someone.${(i * 7919) % 100_003}@example.org`,
  i * 1.37 + 0.1,
  ['DE', 'FR', 'GB', 'US'][i % 4],
])

function pack() {
  const writer = new codec.ValueWriter()
  for (const set of parameters) codec.writeParameters(writer, set)
  return { bytes: writer.length, payload: writer.take() }
}

const packed = pack()
const source = { ...packed, at: 0, count: ROWS }

function measure(title, work) {
  const timesMs = []
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    work()
    timesMs.push(performance.now() - start)
  }
  const first = timesMs[0]
  timesMs.sort((a, b) => a - b)
  console.log(`${title}: first ${first.toFixed(1)} ms, median ${timesMs[ROUNDS >> 1].toFixed(1)} ms`)
}

console.log(`${ROWS} rows of ${columns.length} columns, ${(packed.bytes / 1e6).toFixed(1)} MB packed`)
measure('decode into objects', () => codec.readObjectRows(source, columns, 'auto', []))
measure('decode into arrays ', () => codec.readArrayRows(source, columns.length, 'auto', []))
measure('pack parameters    ', pack)
