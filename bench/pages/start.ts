// The measured page: opens the database at once and asks for one row by its key.
import { open } from '../../src/index.ts'

const scriptMs = performance.now()
const measuring = measure()

async function measure() {
  const db = await open('start.db')
  const openMs = performance.now()
  const row = await db.get('SELECT body FROM t WHERE id = ?', [50_000])
  const firstRowMs = performance.now()
  if (typeof row?.body !== 'string') throw new Error('the row is not there')
  return { db, measured: { 'script runs': scriptMs, 'open resolved': openMs, 'first row': firstRowMs } }
}

const steps = {
  measured: async () => (await measuring).measured,
  close: async () => (await measuring).db.close(),
}

export type StartSteps = typeof steps
Object.assign(globalThis, { steps })
