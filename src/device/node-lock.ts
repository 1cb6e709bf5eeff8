// The lock file of the node device: one live process owns a directory. It stands apart because who may take a lock is
// subtle, and the reading and writing of bytes is not.
//
// A lock file appears with its content in one step (a hard link to a finished file), so a reader never sees half of
// one. A dead owner's lock may be replaced only by the process that holds the *claim* on it, a lock file of its own
// named after the dead owner's id. Whoever gets a claim reads the lock again: unless it still names that dead owner,
// somebody else was faster. So of many that race for a dead lock one wins, and a claim whose holder died is itself
// replaced in the same way.

import { linkSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { StorageError } from '../errors/errors.ts'

/** What a lock file says about its owner. */
export interface LockOwner {
  readonly host: string
  /** Changes when the host restarts; empty where the system does not tell. */
  readonly boot: string
  readonly pid: number
  /** Start of the process in the system's ticks, tells a reused process id apart; empty where the system does not tell. */
  readonly started: string
  readonly id: string
}

const LOCK = 'lock'
const ATTEMPTS_MAX = 100

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH') return undefined
    throw error
  }
}

/** State and start time of a process as Linux tells them; undefined if there is no such process or no such file. */
function processFacts(pid: number): { state: string; started: string } | undefined {
  const text = readIfThere(`/proc/${pid}/stat`)
  if (text === undefined) return undefined
  // The second field is the program's name in parentheses and may hold anything.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0] ?? '', started: fields[19] ?? '' }
}

function parseOwner(text: string): LockOwner | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null) return undefined
    const { host, boot, pid, started, id } = value as { [key in keyof LockOwner]?: unknown }
    if (typeof host !== 'string' || typeof boot !== 'string' || typeof pid !== 'number') return undefined
    if (typeof started !== 'string' || typeof id !== 'string') return undefined
    return { host, boot, pid, started, id }
  } catch {
    return undefined // not JSON: the caller treats the lock as one that nobody may take
  }
}

function isAlive(owner: LockOwner): boolean {
  if (owner.host !== hostname()) return true // cannot be seen from here
  if (owner.boot !== bootId()) return false
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false
  }
  const facts = processFacts(owner.pid)
  if (!facts || !owner.started) return true
  return facts.state !== 'Z' && facts.started === owner.started
}

function bootId(): string {
  return readIfThere('/proc/sys/kernel/random/boot_id')?.trim() ?? ''
}

/** Releases the lock of an owner in this process that is known to be no more and could not do so itself. */
export function releaseLockOf(directory: string, id: string): void {
  const path = join(directory, LOCK)
  const text = readIfThere(path)
  if (text !== undefined && parseOwner(text)?.id === id) unlinkSync(path)
}

/** The owner's lock on one directory; throws StorageError `busy` if a live process, this one included, has it. */
export class NodeLock {
  readonly #directory: string
  readonly #owner: LockOwner

  constructor(directory: string, id: string) {
    this.#directory = directory
    const started = processFacts(process.pid)?.started ?? ''
    this.#owner = { host: hostname(), boot: bootId(), pid: process.pid, started, id }
    const mine = this.#path(`lock-of-${id}`)
    writeFileSync(mine, JSON.stringify(this.#owner), { flag: 'wx', flush: true })
    try {
      this.#acquire(LOCK, mine)
    } finally {
      unlinkSync(mine)
    }
  }

  /** Whether the lock file still names this owner. */
  isHeld(): boolean {
    const text = readIfThere(this.#path(LOCK))
    return text !== undefined && parseOwner(text)?.id === this.#owner.id
  }

  release(): void {
    if (this.isHeld()) unlinkSync(this.#path(LOCK))
  }

  #path(name: string): string {
    return join(this.#directory, name)
  }

  #acquire(name: string, mine: string): void {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      try {
        linkSync(mine, this.#path(name))
        return
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error
      }
      const text = readIfThere(this.#path(name))
      if (text === undefined) continue // released just now
      const dead = this.#requireDead(name, text)
      const claim = `${name}-claim-${dead.id}`
      this.#acquire(claim, mine)
      try {
        const now = readIfThere(this.#path(name))
        if (now !== undefined && parseOwner(now)?.id === dead.id) {
          const replacement = `${mine}-${name}`
          linkSync(mine, replacement)
          renameSync(replacement, this.#path(name))
          return
        }
      } finally {
        unlinkSync(this.#path(claim))
      }
    }
    throw new StorageError('busy', `The lock of ${this.#directory} changes hands too often. Try again.`, {
      retryable: true,
    })
  }

  #requireDead(name: string, text: string): LockOwner {
    const owner = parseOwner(text)
    if (!owner) {
      const path = this.#path(name)
      throw new StorageError('busy', `${path} is not a lock file of this package. Remove it if no process uses it.`)
    }
    if (isAlive(owner)) {
      const who = `process ${owner.pid} on host ${owner.host}`
      throw new StorageError(
        'busy',
        `The database in ${this.#directory} is in use by ${who}. Close it there, then try again.`,
        { retryable: true },
      )
    }
    return owner
  }
}
