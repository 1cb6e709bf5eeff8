// The table that most workloads use: five columns, the same rows at each run.
import type { Connection, Value } from '../adapters/adapter.ts'

const COUNTRIES = ['DE', 'FR', 'GB', 'US']

export const CREATE_PEOPLE =
  'CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, score REAL NOT NULL, country TEXT)'
export const INSERT_PERSON = 'INSERT INTO people (id, name, email, score, country) VALUES (?, ?, ?, ?, ?)'

export function person(id: number): Value[] {
  return [
    id,
    `name number ${id}`,
    `someone.${(id * 7919) % 100_003}@example.org`,
    id * 1.37 + 0.1,
    COUNTRIES[id % 4] ?? null,
  ]
}

export function* people(count: number): Generator<Value[]> {
  for (let id = 1; id <= count; id++) yield person(id)
}

export async function fillPeople(db: Connection, count: number): Promise<void> {
  await db.exec(CREATE_PEOPLE)
  await db.runMany(INSERT_PERSON, people(count))
}

/** Keys all over the table, the same at each run. */
export function keys(count: number, rows: number): number[] {
  return Array.from({ length: count }, (_, index) => 1 + ((index * 48_271) % rows))
}
