// Runs one case of the device contract on one storage, in a dedicated worker, and tells how it ended. Started by a device
// it is that device's helper.
import { isHelperStart, type ToHelper } from '../../../src/device/helper-messages.ts'
import { HelperService } from '../../../src/device/helper-service.ts'
import { realEnvironment } from '../../../src/environment.ts'
import { deviceCases } from '../../contract/device.ts'
import { browserStorages } from '../../contract/device-factories.ts'
import type { DeviceRun } from './device-contract.ts'

globalThis.onmessage = async ({ data }: MessageEvent<DeviceRun>) => {
  if (isHelperStart(data)) {
    const platform = { factory: indexedDB, keyRange: IDBKeyRange }
    const post = (message: unknown) => postMessage(message)
    const helper = new HelperService({ platform, environment: realEnvironment(), post }, data)
    globalThis.onmessage = (event: MessageEvent<ToHelper>) => helper.receive(event.data)
    return
  }
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
