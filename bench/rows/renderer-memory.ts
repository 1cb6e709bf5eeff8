// What the renderer processes of a Chromium hold for themselves, as Linux counts it: scripts, workers, wasm and all. The page's
// own count leaves wasm out.
import { readdir, readFile } from 'node:fs/promises'

/** Bytes of all renderers of the browser whose command line has the mark; undefined where the system does not tell. */
export async function rendererBytes(mark: string): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined
  const processes = await everyProcess()
  const browser = processes.find(({ command }) => command.includes(mark) && !command.includes('--type='))
  if (!browser) return undefined
  let bytes = 0
  for (const one of processes)
    if (one.command.includes('--type=renderer') && descends(one, browser.id, processes))
      bytes += await privateBytes(one.id)
  return bytes
}

interface Process {
  readonly id: number
  readonly parent: number
  readonly command: string
}

async function everyProcess(): Promise<Process[]> {
  const all: Process[] = []
  for (const name of await readdir('/proc')) {
    const id = Number(name)
    if (!Number.isInteger(id)) continue
    // One that has ended meanwhile is none of the browser's.
    const [status, command] = await Promise.all([read(`/proc/${id}/status`), read(`/proc/${id}/cmdline`)])
    const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1])
    if (parent > 0) all.push({ id, parent, command })
  }
  return all
}

function descends({ parent }: Process, ancestor: number, all: readonly Process[]): boolean {
  if (parent === ancestor) return true
  const next = all.find(({ id }) => id === parent)
  return next !== undefined && descends(next, ancestor, all)
}

async function privateBytes(id: number): Promise<number> {
  const text = await read(`/proc/${id}/smaps_rollup`)
  return [...text.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].reduce(
    (sum, [, kib]) => sum + Number(kib) * 1024,
    0,
  )
}

const read = (file: string) => readFile(file, 'utf8').catch(() => '')
