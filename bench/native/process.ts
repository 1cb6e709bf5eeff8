// Starts that process and calls its steps: for the runner it is what a page is for the others.
import { type ChildProcess, fork } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { Asked } from '../rows/place.ts'

export class NativeProcess {
  readonly #script: string
  readonly #directory: string
  #child: ChildProcess | undefined
  #calls = 0

  private constructor(directory: string, script: string) {
    this.#directory = directory
    this.#script = script
  }

  static async prepare(): Promise<NativeProcess> {
    // Within this workspace, where the packages that the bundle leaves out are found.
    const temporary = join(import.meta.dirname, '..', '.tmp')
    await mkdir(temporary, { recursive: true })
    const directory = await mkdtemp(join(temporary, 'native-'))
    const script = join(directory, 'child.mjs')
    await build({
      entryPoints: [join(import.meta.dirname, 'child.ts')],
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      outfile: script,
      logLevel: 'silent',
    })
    return new NativeProcess(directory, script)
  }

  /** A new process, as a page is loaded anew. */
  async renew(): Promise<void> {
    await this.#end()
    this.#child = fork(this.#script, { env: { ...process.env, TMPDIR: this.#directory } })
  }

  call({ step, argument, timeoutMs }: Asked): Promise<unknown> {
    const child = this.#child
    if (!child) throw new Error('The process has not been started.')
    const id = (this.#calls += 1)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle({ id, error: `no answer after ${timeoutMs} ms` }), timeoutMs)
      const onExit = () => settle({ id, error: 'the process ended' })
      const settle = (answer: { id: number; value?: unknown; error?: string }) => {
        if (answer.id !== id) return
        clearTimeout(timer)
        child.off('message', settle).off('exit', onExit)
        if (answer.error === undefined) resolve(answer.value)
        else reject(new Error(answer.error))
      }
      child.on('message', settle).on('exit', onExit)
      child.send({ id, step, argument })
    })
  }

  async close(): Promise<void> {
    await this.#end()
    await rm(this.#directory, { recursive: true, force: true })
  }

  async #end(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }
}
