// One call of every kind that a database answers, large ones among them, with what each answered as text: the same set, so
// that tabs that reach the engine in different ways can be compared.
import type { Database } from '../../../src/index.ts'

const ROWS = 'WITH RECURSIVE row (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM row)'
/** Two pieces of a channel, and more than one chunk of an answer. */
const LARGE = 600_000

export async function requestSet(db: Database): Promise<readonly string[]> {
  const told: string[] = []
  const tell = async (what: string, answer: unknown) => {
    told.push(`${what}: ${text(await answer)}`)
  }
  await tell('exec', db.exec('DROP TABLE IF EXISTS set_row; CREATE TABLE set_row (a, b)'))
  await tell('run', db.run('INSERT INTO set_row VALUES (?, ?) RETURNING a', [1, new Uint8Array([1, 2, 3])]))
  await tell('large parameter', db.run('INSERT INTO set_row VALUES (2, ?)', [new Uint8Array(LARGE).fill(7)]))
  await tell('large value', db.value('SELECT b FROM set_row WHERE a = 2'))
  await tell('query', db.query('SELECT a, length(b) AS bytes FROM set_row ORDER BY a'))
  await tell('get', db.get('SELECT * FROM set_row WHERE a = 1'))
  await tell(
    'integers',
    db.query('SELECT 9007199254740993 AS big, 1.5 AS real, NULL AS missing, ? AS text', ['ß\0\u{1f600}']),
  )
  await tell('runMany', db.runMany('INSERT INTO set_row VALUES (?, ?)', rows(3000)))
  await tell('batch', db.batch([['SELECT count(*) AS n FROM set_row'], ['DELETE FROM set_row WHERE a > ?', [1000]]]))
  const statement = await db.prepare('SELECT count(*) AS n FROM set_row WHERE a <= ?')
  await tell('prepared', Promise.all([10, 20].map((limit) => statement.get([limit]))))
  await tell(
    'transaction',
    db.transaction(async (tx) => {
      await tx.run("UPDATE set_row SET b = 'changed' WHERE a = 1")
      await tx.transaction(() => Promise.reject(new Error('back'))).catch(() => {})
      return tx.value('SELECT b FROM set_row WHERE a = 1')
    }),
  )
  await tell('rolled back', outcome(db.transaction(async (tx) => tx.run('no SQL'))))
  let streamed = 0
  for await (const row of db.stream<{ bytes: Uint8Array }>(
    `${ROWS} SELECT zeroblob(100000) AS bytes FROM row LIMIT 40`,
  ))
    streamed += row.bytes.length
  await tell('stream', streamed)
  await tell('wrong SQL', outcome(db.query('SELECT nonsense')))
  await tell('aborted', outcome(db.query(`${ROWS} SELECT count(*) FROM row`, [], { timeoutMs: 300 })))
  for (const each of ['sync', 'checkpoint', 'compact'] as const) await tell(each, db[each]())
  await tell('verify', (await db.verify()).ok)
  const file = await db.export()
  await tell('export', (await file.arrayBuffer()).byteLength === file.size)
  await tell('import', outcome(db.import(file)))
  await tell('afterwards', db.query('SELECT count(*) AS n, sum(a) AS sum, sum(length(b)) AS bytes FROM set_row'))
  return told
}

function* rows(count: number): Generator<readonly [number, string]> {
  for (let a = 1; a <= count; a++) yield [a, 'x'.repeat(200)]
}

function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'ok',
    ({ name, code }: { name: string; code: string }) => `${name} ${code}`,
  )
}

function text(value: unknown): string {
  return JSON.stringify(value, (_, each) => {
    if (typeof each === 'bigint') return `${each}n`
    return each instanceof Uint8Array ? `${each.length} bytes, the last ${each.at(-1)}` : each
  })
}
