// The application in a worker: opens the database when it is first asked.
import { type Database, open } from '../../../src/index.ts'

let opening: Promise<Database> | undefined

async function write(text: string): Promise<string[]> {
  opening ??= open('in-worker.db')
  const db = await opening
  await db.exec('CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, text TEXT)')
  await db.run('INSERT INTO t (text) VALUES (?)', [text])
  return (await db.query<{ text: string }>('SELECT text FROM t ORDER BY id')).map((row) => row.text)
}

globalThis.onmessage = ({ data }: MessageEvent<string>) => {
  write(data).then(
    (texts) => globalThis.postMessage({ texts }),
    (error: unknown) => globalThis.postMessage({ error: String(error) }),
  )
}
