// The promises of device.ts as cases that any device has to keep. Free of any test runner, so that the same module runs
// in Node and, bundled, inside a browser's worker: a case is a sentence and a function that throws.
//
//   for (const { title, run } of deviceCases) test(title, () => run(make()))

import { byteCases } from './device-cases-bytes.ts'
import { storageCases } from './device-cases-storage.ts'
import type { DeviceCase } from './device-support.ts'

export type { DeviceCase, DeviceStorage } from './device-support.ts'

export const deviceCases: readonly DeviceCase[] = [...byteCases, ...storageCases]
