// Files that come in: a SQLite file becomes a database of its own or takes the place of the open one, a script goes into
// the editor. And databases under another name, which is a file that goes out of one and into the other.
import { signal } from '@preact/signals'
import { type Database, deleteDatabase, listDatabases, open } from 'datasync'
import { formatBytes, formatMs } from '../format.ts'
import { showSql } from './draft.ts'
import { notice, openDatabase, refresh, session } from './session.ts'
import { runTransfer } from './transfer.ts'

const SCRIPT_BYTES_MAX = 4_000_000

/** A file that waits for the user to say where it should go. */
export const offered = signal<File | undefined>(undefined)

export async function offerFile(file: File): Promise<void> {
  if (!/\.sql$/i.test(file.name)) {
    offered.value = file
    return
  }
  if (file.size > SCRIPT_BYTES_MAX) {
    notice.value = `${file.name} is too long for the editor: ${formatBytes(file.size)}.`
    return
  }
  showSql(await file.text(), { run: false })
  notice.value = `${file.name} is in the editor; nothing of it has been run.`
}

/** A name for a new database that is not taken, from that of a file. */
export async function freeName(file: string): Promise<string> {
  const taken = new Set((await listDatabases()).map(({ name }) => name))
  const [, stem = 'imported', extension = ''] = /^(.*?)(\.[^.]*)?$/.exec(file.replaceAll(/[/\\]/g, '')) ?? []
  let name = `${stem}${extension}` || 'imported.db'
  for (let count = 2; taken.has(name); count++) name = `${stem}-${count}${extension}`
  return name
}

/** The file takes the place of everything in the open database. */
export async function importHere(file: File): Promise<void> {
  const current = session.value
  if (current.phase !== 'open') return
  const { name } = current.wish
  await runTransfer(`Importing ${file.name}`, async ({ signal, onBytes }) => {
    const started = performance.now()
    await current.db.import(file, { signal, onProgress: onBytes })
    return imported(file, name, started)
  })
  await refresh()
}

/** The file becomes a database of its own, which is then the open one. */
export async function importAs(file: File, name: string): Promise<void> {
  const { wish } = session.value
  let said = ''
  const done = await runTransfer(`Importing ${file.name}`, async ({ signal, onBytes }) => {
    const started = performance.now()
    await makeDatabase(name, wish.storage === 'memory' ? 'auto' : wish.storage, (db) =>
      db.import(file, { signal, onProgress: onBytes }),
    )
    said = imported(file, name, started)
    return said
  })
  if (!done) return
  await openDatabase({ ...wish, name, storage: 'auto' })
  notice.value = said
}

/** The database under another name; with `move` not under the old one any more. */
export async function copyDatabase(from: string, to: string, { move }: { move: boolean }): Promise<void> {
  const current = session.value
  const isOpen = current.phase === 'open' && current.wish.name === from
  const label = `${move ? 'Renaming' : 'Copying'} ${from}`
  const done = await runTransfer(label, async ({ signal, onBytes }) => {
    const source = isOpen ? current.db : await open(from)
    try {
      await makeDatabase(to, source.info.storage, async (db) => {
        // A database without any table is an empty file, which is none.
        if (!(await source.value('SELECT count(*) FROM sqlite_schema'))) return
        await db.import(source.exportStream({ signal, onProgress: onBytes }), { signal })
      })
    } finally {
      if (move || !isOpen) await source.close()
    }
    if (move) await deleteDatabase(from)
    return move ? `${from} is now ${to}.` : `${to} is a copy of ${from}.`
  })
  const said = notice.value
  if (!move || !isOpen) return
  await openDatabase({ ...current.wish, name: done ? to : from })
  notice.value = said
}

/** Makes a database and fills it; if that fails, there is none. */
async function makeDatabase(
  name: string,
  storage: 'auto' | 'opfs' | 'indexeddb' | 'node' | 'memory',
  fill: (db: Database) => Promise<void>,
): Promise<void> {
  if ((await listDatabases()).some((entry) => entry.name === name)) throw new Error(`There is already a ${name}.`)
  const db = await open(name, { storage })
  try {
    await fill(db)
    await db.close()
  } catch (error) {
    await db.close()
    await deleteDatabase(name)
    throw error
  }
}

function imported(file: File, name: string, started: number): string {
  return `${name} holds ${file.name} now: ${formatBytes(file.size)} in ${formatMs(performance.now() - started)}.`
}
