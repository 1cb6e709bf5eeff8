// Room for the next records: the rest of the active log, else the other log, else growth. It stands apart because three
// callers need it: a group of commits about to run, one commit that is larger than expected, and recovery.
import { DeviceError } from '../device/device.ts'
import { SECTOR } from './format.ts'
import { type StoreState, usualBytes } from './state.ts'

/**
 * Makes sure that a record of `bytes` bytes can be appended, switching to the other log or growing the active one.
 * Never waits. Throws DeviceError `full`.
 */
export function makeRoom(state: StoreState, bytes: number): void {
  const { log } = state
  if (log.room >= bytes) return
  if (log.otherIsFree) enterOtherLog(state)
  if (log.room >= bytes) return
  try {
    log.grow(log.place.offset + bytes + SECTOR)
  } catch (error) {
    log.switchBack()
    throw error
  }
}

/** Switches logs and brings the one entered to its usual size, as far as space allows. */
export function enterOtherLog(state: StoreState): void {
  state.log.switchLogs(usualBytes(state))
  state.onFoldDue()
  try {
    state.log.grow(usualBytes(state))
  } catch (error) {
    // A smaller log than usual serves as well; what must fit is checked by the caller.
    if (!(error instanceof DeviceError) || error.reason !== 'full') throw error
  }
}
