// How the failures of a platform become DeviceErrors. It stands apart because OPFS and IndexedDB report the same facts
// by the same names, each with its own wording.

import { DeviceError } from './device.ts'

const NO_SPACE = /Quota|NO_DEVICE_SPACE|NO_SPACE/

/** The platform's name of a failure, such as `QuotaExceededError`; empty if it has none. */
export function platformNameOf(error: unknown): string {
  return typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : ''
}

export function isOutOfSpace(error: unknown): boolean {
  return NO_SPACE.test(platformNameOf(error))
}

/** A DeviceError `full` or `io` for what the platform reported while `doing`. */
export function deviceErrorFrom(error: unknown, doing: string): DeviceError {
  if (error instanceof DeviceError) return error
  const said = error instanceof Error ? `${error.name}: ${error.message}` : platformNameOf(error) || String(error)
  return isOutOfSpace(error)
    ? new DeviceError('full', `no space left while ${doing} (${said})`, { cause: error })
    : new DeviceError('io', `the storage failed while ${doing} (${said})`, { cause: error })
}
