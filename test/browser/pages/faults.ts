// The page of the tests that take the storage's space or the page itself away: the steps of the database page, and
// loads that run in the page because they are many calls.
import { type DatabaseSteps, steps } from './database.ts'
import { giveSpaceBack, useUpSpace } from './foreign-load.ts'

const INSERT = 'INSERT INTO filled (id, body) VALUES (?, randomblob(?))'

export interface Refusal {
  readonly name: string
  readonly code: string
  readonly message: string
  /** Name and code of each cause below it. */
  readonly causes: readonly string[]
}

function refusalOf(error: unknown): Refusal {
  const { name, message } = error instanceof Error ? error : { name: 'not an Error', message: String(error) }
  const causes: string[] = []
  for (let at = causeOf(error); at instanceof Error; at = causeOf(at)) causes.push(`${at.name} ${codeOf(at)}`.trim())
  return { name, message, code: codeOf(error), causes }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

function causeOf(error: unknown): unknown {
  return error instanceof Error ? error.cause : undefined
}

const skip = new BroadcastChannel('skip')

const more = {
  useUpSpace,
  giveSpaceBack,

  /** Tells the worker with the skipping clock that so much time has passed. */
  async skip(ms: number) {
    const skipped = new Promise((resolve) => {
      skip.onmessage = resolve
    })
    skip.postMessage(ms)
    await skipped
  },

  /** Inserts rows of `rowBytes`, one commit each, until one is refused or `countMax` are there; tells which were acknowledged. */
  async fill({ firstId, rowBytes, countMax }: { firstId: number; rowBytes: number; countMax: number }) {
    const acknowledged: number[] = []
    for (let id = firstId; id < firstId + countMax; id += 1) {
      try {
        await steps.run({ sql: INSERT, params: [id, rowBytes] })
      } catch (error) {
        return { acknowledged, refusal: refusalOf(error) }
      }
      acknowledged.push(id)
    }
    return { acknowledged, refusal: null }
  },

  /** What a script ended with: null if it was done. */
  async refusalOfScript(sql: string): Promise<Refusal | null> {
    return steps.exec(sql).then(
      () => null,
      (error: unknown) => refusalOf(error),
    )
  },
}

export type FaultSteps = DatabaseSteps & typeof more
Object.assign(steps, more)
