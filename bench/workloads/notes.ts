// An application: notes in folders with full-text search. Someone opens notes, looks through folders, searches as they type,
// edits and adds, each step awaited. The count is notes; a session is a twenty-fifth as many steps.
import type { Connection, Value } from '../adapters/adapter.ts'
import { text, word } from './words.ts'
import { check, single } from './workload.ts'

const FOLDERS = 50
const STEPS_SHARE = 0.04
const PORTION = 5000

const SCHEMA = `CREATE TABLE note (id INTEGER PRIMARY KEY, folder INTEGER NOT NULL, changed INTEGER NOT NULL, title TEXT NOT NULL);
  CREATE INDEX note_folder ON note (folder, changed);
  CREATE VIRTUAL TABLE note_text USING fts5(body)`
const INSERT_NOTE = 'INSERT INTO note (id, folder, changed, title) VALUES (?, ?, ?, ?)'
const INSERT_TEXT = 'INSERT INTO note_text (rowid, body) VALUES (?, ?)'

const noteOf = (id: number): Value[] => [id, id % FOLDERS, id, text(id, 4)]

async function fill(db: Connection, count: number): Promise<void> {
  await db.exec(SCHEMA)
  for (let from = 1; from <= count; from += PORTION) {
    const ids = Array.from({ length: Math.min(PORTION, count - from + 1) }, (_, index) => from + index)
    await db.runMany(INSERT_NOTE, ids.map(noteOf))
    await db.runMany(
      INSERT_TEXT,
      ids.map((id) => [id, text(id, 60)]),
    )
  }
}

async function step(db: Connection, index: number, notes: number, fresh: number): Promise<void> {
  const id = 1 + ((index * 48_271) % notes)
  switch (index % 10) {
    case 0:
      await db.run('UPDATE note_text SET body = ? WHERE rowid = ?', [text(index + notes, 60), id])
      return db.run('UPDATE note SET changed = ?, title = ? WHERE id = ?', [notes + index, text(index, 4), id])
    case 5:
      await db.run(INSERT_NOTE, noteOf(fresh))
      return db.run(INSERT_TEXT, [fresh, text(fresh, 60)])
    case 2:
    case 7: {
      const rows = await db.query(
        'SELECT id, title, changed FROM note WHERE folder = ? ORDER BY changed DESC LIMIT 50',
        [index % FOLDERS],
      )
      return check(rows.length > 0, 'a folder with notes')
    }
    case 4:
    case 8: {
      const rows = await db.query(
        'SELECT n.id, n.title FROM note_text t JOIN note n ON n.id = t.rowid WHERE note_text MATCH ? ORDER BY rank LIMIT 20',
        [`${word(index)} ${word(index % 7)}*`],
      )
      return check(rows.length >= 0, 'an answer')
    }
    default: {
      const rows = await db.query(
        'SELECT n.title, t.body FROM note n JOIN note_text t ON t.rowid = n.id WHERE n.id = ?',
        [id],
      )
      return check(rows.length === 1, 'the note')
    }
  }
}

/** New notes of all runs on this page get keys of their own. */
let added = 0

export const notes = single(
  {
    name: 'notes',
    id: 'A1',
    title: 'notes application: a session of mixed steps',
    figure: 'ms',
    unit: 'notes',
    writes: true,
    needs: ['sql', 'fts5'],
    count: { full: 50_000, small: 10_000, toy: 500 },
    fill,
    async before(db) {
      const [row] = await db.query('SELECT max(id) AS last FROM note')
      added = Number(row?.last)
    },
  },
  async (db, count) => {
    for (let index = 0; index < count * STEPS_SHARE; index += 1) await step(db, index, count, (added += 1))
  },
)
