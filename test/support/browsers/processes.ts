// Processes and waits that cannot be left behind. It stands apart because each driver starts programs that start others:
// a program gets a process group of its own, and a reaper, a shell that waits for the end of our process and then kills
// the group and removes its directory, so that nothing survives a test run that was killed itself.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** Waits for a promise, but not longer than `timeoutMs`; the error names what was waited for. */
export async function within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: no answer within ${timeoutMs / 1000} s`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks again and again until there is an answer other than undefined. */
export async function until<T>(
  timeoutMs: number,
  what: string,
  ask: () => T | undefined | Promise<T | undefined>,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs
  for (;;) {
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${timeoutMs / 1000} s`)
    await new Promise((resolve) => setTimeout(resolve, 25))
  }
}

/** A program with everything that it starts. */
export class ProcessGroup {
  readonly #child: ChildProcess
  readonly #reaper: ChildProcess
  readonly #exited: Promise<void>
  #errors = ''

  /** Puts a process that was started with `detached: true` under a reaper, with a directory to remove in the end. */
  constructor(child: ChildProcess, directory?: string) {
    this.#child = child
    this.#exited = new Promise((resolve) => {
      child.once('exit', () => resolve())
      child.once('error', () => resolve())
    })
    child.stderr?.on('data', (chunk) => {
      this.#errors = (this.#errors + String(chunk)).slice(-2000)
    })
    const script = 'cat >/dev/null; kill -9 "-$1" 2>/dev/null; if [ -n "$2" ]; then sleep 0.2; rm -rf -- "$2"; fi'
    this.#reaper = spawn('/bin/sh', ['-c', script, 'reaper', String(child.pid ?? 0), directory ?? ''], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true,
    })
    this.#reaper.unref()
  }

  static start(program: string, args: readonly string[], env: Record<string, string> = {}, directory?: string) {
    const child = spawn(program, args, {
      detached: true,
      stdio: ['ignore', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    })
    return new ProcessGroup(child, directory)
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null && this.#child.pid !== undefined
  }

  /** The last lines that it wrote to stderr, for messages. */
  get errors(): string {
    return this.#errors.trim()
  }

  /** Waits until it has ended by itself. */
  async ended(timeoutMs: number): Promise<void> {
    await within(timeoutMs, `the end of process ${this.#child.pid}`, this.#exited)
  }

  /** Kills all of it and waits for its end. */
  async kill(): Promise<void> {
    if (this.#child.pid !== undefined) {
      try {
        process.kill(-this.#child.pid, 'SIGKILL')
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
      }
    }
    await this.ended(10_000)
    this.#reaper.kill('SIGKILL')
  }
}

/** A directory of its own for one session. */
export function temporaryDirectory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'datasync-browser-'))
}

/** Removes a directory, also while a dying process still writes to it. */
export async function removeDirectory(directory: string): Promise<void> {
  if (existsSync(directory)) await rm(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 })
}

/** A port that was free a moment ago, for programs that cannot pick one themselves. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = address && typeof address === 'object' ? address.port : 0
      server.close(() => resolve(port))
    })
  })
}
