// Long work on the whole database, one at a time: a file out, a file in, a check. It can be watched and cancelled, and it
// ends with a sentence.
import { signal } from '@preact/signals'
import { save } from '../files/save.ts'
import { formatBytes, formatCount, formatMs } from '../format.ts'
import { describeError } from './problem.ts'
import { notice, session } from './session.ts'

export interface Transfer {
  readonly label: string
  /** From 0 to 1; undefined until it is known. */
  readonly share: number | undefined
  /** How far, in words. */
  readonly progress: string
  readonly controller: AbortController
}

export const transfer = signal<Transfer | undefined>(undefined)

export interface Work {
  readonly signal: AbortSignal
  readonly onBytes: (done: number, total: number) => void
  readonly onBlocks: (done: number, total: number) => void
}

/** Runs `work` unless something is going on; gives whether it succeeded. What it returns is told to the user. */
export async function runTransfer(label: string, work: (work: Work) => Promise<string>): Promise<boolean> {
  if (transfer.value) return false
  const controller = new AbortController()
  const show = (share: number | undefined, progress: string) => {
    transfer.value = { label, share, progress, controller }
  }
  const shareOf = (done: number, total: number) => (total > 0 ? Math.min(1, done / total) : undefined)
  show(undefined, '')
  notice.value = undefined
  try {
    notice.value = await work({
      signal: controller.signal,
      onBytes: (done, total) => {
        show(shareOf(done, total), `${formatBytes(done)}${total > 0 ? ` of ${formatBytes(total)}` : ''}`)
      },
      onBlocks: (done, total) =>
        show(shareOf(done, total), `${formatCount(done, 'block')} of ${formatCount(total, 'block')}`),
    })
    return true
  } catch (error) {
    notice.value = controller.signal.aborted
      ? `${label}: cancelled, nothing was changed.`
      : `${label}: failed. ${describeError(error).message}`
    return false
  } finally {
    transfer.value = undefined
  }
}

export function cancelTransfer(): void {
  transfer.value?.controller.abort()
}

/** The open database as a SQLite file, handed to the user. */
export async function exportDatabase(): Promise<void> {
  const current = session.value
  if (current.phase !== 'open') return
  const { name } = current.wish
  await runTransfer(`Exporting ${name}`, async ({ signal, onBytes }) => {
    const started = performance.now()
    const file = await current.db.export({ signal, onProgress: onBytes })
    if (file.size === 0) return `${name} has no tables yet: there is nothing to export.`
    save(file, /\.(db|sqlite3?|db3)$/i.test(name) ? name : `${name}.db`)
    return `Exported ${name}: ${formatBytes(file.size)} in ${formatMs(performance.now() - started)}.`
  })
}

/** Reads every block and has SQLite look at the database. */
export async function checkDatabase(): Promise<void> {
  const current = session.value
  if (current.phase !== 'open') return
  const { name } = current.wish
  await runTransfer(`Checking ${name}`, async ({ signal, onBlocks }) => {
    const { ok, blocks, damaged, sqlite } = await current.db.verify({ signal, onProgress: onBlocks })
    if (ok) return `${name} is whole: ${formatCount(blocks, 'block')} read, and SQLite finds nothing wrong.`
    return `${name} is damaged: ${formatCount(damaged.length, 'block')} of ${blocks}. ${sqlite.slice(0, 3).join(' ')}`
  })
}
