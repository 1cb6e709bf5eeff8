// Full-text search: documents indexed in one transaction, and searched one query after another.
import type { Value } from '../adapters/adapter.ts'
import { text, word } from './words.ts'
import { check, type Workload } from './workload.ts'

const WORDS = 40
const SEARCHES_SHARE = 0.01

function* documents(count: number): Generator<Value[]> {
  for (let id = 1; id <= count; id++) yield [id, text(id, 4), text(id + count, WORDS)]
}

export const fullText: Workload = {
  name: 'full-text',
  parts: [
    { name: 'index', id: 'W9i', title: 'FTS5: documents indexed', unit: 'documents' },
    { name: 'search', id: 'W9s', title: 'FTS5: searches, each awaited', unit: 'searches', share: SEARCHES_SHARE },
  ],
  writes: true,
  needs: ['sql', 'fts5'],
  cold: true,
  count: { full: 20_000, small: 4000, toy: 500 },
  fill: async () => {},
  before: (db) => db.exec('DROP TABLE IF EXISTS doc; CREATE VIRTUAL TABLE doc USING fts5(title, body)'),
  async run(db, count, timed) {
    const all = [...documents(count)]
    await timed('index', () => db.runMany('INSERT INTO doc (rowid, title, body) VALUES (?, ?, ?)', all))
    await timed('search', async () => {
      for (let index = 0; index < count * SEARCHES_SHARE; index += 1) {
        const rows = await db.query('SELECT rowid, title FROM doc WHERE doc MATCH ? ORDER BY rank LIMIT 20', [
          `${word(index * 3)} OR ${word(index + 40)}`,
        ])
        check(rows.length > 0, 'documents with one of the words')
      }
    })
  },
}
