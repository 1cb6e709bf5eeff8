// The page of the measurements.
import { ADAPTERS } from '../adapters/index.ts'
import { stepsFor } from './steps.ts'

Object.assign(globalThis, { steps: stepsFor(ADAPTERS) })
