// How a simulated process ends. It stands apart because the disk and its device both throw it.

/** The process or the power died. Not a DeviceError: nothing may handle it. */
export class Crash extends Error {
  override readonly name = 'Crash'
}
