// Tries planted bugs one by one and says which was found, by what and how soon. The simulation runs in a process of its
// own from a bundle in which the text is replaced while it is loaded; unit suites run in vitest with the same
// replacement. A bug counts as found if a life breaks, an assertion fails, or it hangs; each finding is repeated without
// the bug and must not be there then.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { build } from 'esbuild'
import type { Told } from './lives.ts'
import { type Mutant, type Prover, plant } from './mutant.ts'

/** One life takes a fraction of a second. */
const HANG_MS = 60_000

type Suite = Exclude<Prover, `store-${string}`>
const SUITES: Readonly<Record<Suite, readonly string[]>> = {
  vfs: ['test/unit/vfs-paths.test.ts'],
  engine: [
    'test/unit/engine-durability.test.ts',
    'test/unit/engine-outcome-room.test.ts',
    'test/unit/engine-parts.test.ts',
    'test/unit/engine-statements.test.ts',
    'test/unit/engine-transactions.test.ts',
  ],
  tabs: ['test/simulation/tabs.test.ts'],
  'block-store': [
    'test/unit/store-block-store.test.ts',
    'test/unit/store-review.test.ts',
    'test/unit/store-two-faults.test.ts',
  ],
  sqlite: ['test/simulation/sqlite-kept.test.ts'],
  replacement: ['test/simulation/store-replacement.test.ts'],
}

export interface Finding {
  readonly found: boolean
  /** How it was found, or that it was not. */
  readonly what: string
  /** Lives, or tests, that it took. */
  readonly count: number
  readonly crashes: number
  /** The run without the bug that must not show the same. */
  readonly control?: () => Promise<Finding>
}

export class Bench {
  readonly #root: string
  readonly #folder: string
  readonly #limitMs: number
  readonly #suiteControls = new Map<Suite, Promise<Finding>>()
  /** The program of lives without any bug. */
  readonly #without: Promise<void>

  constructor(root: string, folder: string, limitMs: number) {
    this.#root = root
    this.#folder = folder
    this.#limitMs = limitMs
    this.#without = bundle(root, { name: 'none', edits: [] }, join(folder, 'without.mjs'))
    // Whoever needs it awaits it.
    this.#without.catch(() => {})
  }

  async try(mutant: Mutant): Promise<Finding & { readonly ms: number }> {
    const startedMs = performance.now()
    const { provedBy } = mutant
    const finding = await (provedBy === 'store-kept' || provedBy === 'store-undone'
      ? this.#simulate(mutant, provedBy.slice('store-'.length))
      : this.#suite(mutant, provedBy))
    const ms = performance.now() - startedMs
    const control = await finding.control?.()
    // Then it is not the bug that was found.
    const failsAnyway = control?.found ? { found: false, what: `fails also without the bug: ${control.what}` } : {}
    return { ...finding, ...failsAnyway, ms }
  }

  async #simulate(mutant: Mutant, kind: string): Promise<Finding> {
    const program = join(this.#folder, `${mutant.name}.mjs`)
    await this.#without
    await bundle(this.#root, mutant, program)
    const finding = await this.#lives(program, [kind])
    const { seed } = finding
    if (!finding.found) return finding
    const control = async () => {
      return this.#lives(join(this.#folder, 'without.mjs'), [kind, `${seed}`, `${seed}`])
    }
    return { ...finding, control }
  }

  #lives(program: string, args: readonly string[]): Promise<Finding & { readonly seed: number }> {
    return new Promise((resolve, reject) => {
      const child = fork(program, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
      const output = collect(child)
      let at = 0
      const end = (found: boolean, what: string, seed = at, crashes = 0) => {
        clearTimeout(limit)
        clearTimeout(hang)
        child.removeAllListeners('exit')
        child.kill('SIGKILL')
        resolve({ found, what, seed, count: seed, crashes })
      }
      const limit = setTimeout(() => end(false, `not found within the time limit, at seed ${at}`), this.#limitMs)
      const hangs = () => end(true, `seed ${at} hangs`)
      let hang = setTimeout(hangs, HANG_MS)
      child.on('message', (told: Told) => {
        clearTimeout(hang)
        hang = setTimeout(hangs, HANG_MS)
        if ('at' in told) at = told.at
        else if ('found' in told) end(true, told.found, told.seed, told.crashes)
        else end(false, `not found in ${told.seed} lives`, told.seed, told.crashes)
      })
      child.on('error', reject)
      // Node's code for a program whose own await never settles.
      child.on('exit', (code) => (code === 13 ? hangs() : reject(new Error(`${program} ended ${code}: ${output()}`))))
    })
  }

  async #suite({ name }: Mutant, suite: Suite): Promise<Finding> {
    const finding = await this.#vitest(suite, name)
    const control = () => {
      const known = this.#suiteControls.get(suite) ?? this.#vitest(suite, undefined)
      this.#suiteControls.set(suite, known)
      return known
    }
    return finding.found ? { ...finding, control } : finding
  }

  #vitest(suite: Suite, name: string | undefined): Promise<Finding> {
    const report = join(this.#folder, `${name ?? `${suite}-without`}.json`)
    const vitest = join(this.#root, 'node_modules', 'vitest', 'vitest.mjs')
    const config = join(this.#root, 'test', 'mutants', 'vitest.config.ts')
    const args = ['run', '--config', config, '--reporter=json', `--outputFile=${report}`, ...SUITES[suite]]
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [vitest, ...args], {
        cwd: this.#root,
        env: { ...process.env, MUTANT: name ?? '' },
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      })
      const output = collect(child)
      const limit = setTimeout(() => {
        // Its workers too; a suite that does not end is how some bugs show.
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
        resolve({ found: true, what: 'the suite hangs', count: 0, crashes: 0 })
      }, this.#limitMs)
      child.on('error', reject)
      child.on('exit', () => {
        clearTimeout(limit)
        readReport(report).then(resolve, () => reject(new Error(`vitest (${name ?? suite}): ${output()}`)))
      })
    })
  }
}

/** Each file as it was first read, so that all bugs are planted in the same code, whatever is edited meanwhile. */
const sources = new Map<string, string>()

interface Report {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

/** A file that did not load is no finding: the bug itself would have to be a failed test. */
async function readReport(path: string): Promise<Finding> {
  const { numPassedTests, testResults }: Report = JSON.parse(await readFile(path, 'utf8'))
  const broken = testResults.find(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  if (broken) throw new Error(broken.message)
  const failed = testResults.flatMap((file) => file.assertionResults).find(({ status }) => status === 'failed')
  const count = numPassedTests + (failed ? 1 : 0)
  return { found: failed !== undefined, what: failed?.fullName ?? 'not found by any test', count, crashes: 0 }
}

async function bundle(root: string, mutant: Pick<Mutant, 'name' | 'edits'>, outfile: string): Promise<void> {
  await build({
    entryPoints: [join(root, 'test', 'mutants', 'lives.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'warning',
    plugins: [
      {
        name: 'planted-bug',
        setup(setup) {
          setup.onLoad({ filter: /[/\\](src|test)[/\\].*\.ts$/ }, async ({ path }) => {
            sources.set(path, sources.get(path) ?? (await readFile(path, 'utf8')))
            return { contents: plant(mutant, relative(root, path), sources.get(path) ?? ''), loader: 'ts' }
          })
        },
      },
    ],
  })
}

/** What a process says on its error stream, of which the end matters. */
function collect(child: ChildProcess): () => string {
  let text = ''
  child.stderr?.on('data', (data) => {
    text = (text + data).slice(-4000)
  })
  return () => text
}
