// Runs one case of the device contract on one storage, in a dedicated worker, and tells how it ended.
import { deviceCases } from '../../contract/device.ts'
import { browserStorages } from '../../contract/device-factories.ts'
import type { DeviceRun } from './device-contract.ts'

globalThis.onmessage = async ({ data }: MessageEvent<DeviceRun>) => {
  const { storage, title } = data
  try {
    const { run } = deviceCases.find((one) => one.title === title)!
    const made = await browserStorages[storage]()
    try {
      await run(made)
    } finally {
      await made.dispose()
    }
    postMessage({ ok: true })
  } catch (error) {
    const { name, message, stack } = error instanceof Error ? error : new Error(String(error))
    postMessage({ ok: false, name, message, stack })
  }
}
