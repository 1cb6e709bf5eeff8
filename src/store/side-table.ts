// The side table: what a store keeps besides its blocks, as of one commit: sessions with their outcomes, and the
// allocation bitmap. It stands apart from both because a checkpoint stores the state at the fold, not the newest one.
import { StorageError } from '../errors/errors.ts'
import { Allocation } from './allocation.ts'
import { assert } from './assert.ts'
import { SIDE_BYTES_MAX, SIDE_MAGIC, SIDE_TABLE } from './format.ts'
import type { AllocationEntry, OriginRecord } from './record.ts'
import { Sessions } from './sessions.ts'

export class SideState {
  readonly sessions: Sessions
  readonly allocation: Allocation

  constructor(sessions: Sessions, allocation = new Allocation()) {
    this.sessions = sessions
    this.allocation = allocation
  }

  apply(record: { readonly origins: readonly OriginRecord[]; readonly allocations: readonly AllocationEntry[] }): void {
    for (const origin of record.origins) this.sessions.apply(origin)
    for (const entry of record.allocations) this.allocation.apply(entry)
  }

  clone(): SideState {
    return new SideState(this.sessions.clone(), this.allocation.clone())
  }

  encode(sequence: number): Uint8Array {
    const sessions = this.sessions.encode()
    const allocated = this.allocation.encode()
    const bytes = new Uint8Array(SIDE_TABLE.bytes + sessions.length + allocated.length)
    assert(bytes.length <= SIDE_BYTES_MAX, 'the side table fits its place')
    SIDE_TABLE.write(new DataView(bytes.buffer), {
      magic: SIDE_MAGIC,
      sessions: this.sessions.count,
      sequence,
      allocatedBytes: allocated.length,
      sessionsBytes: sessions.length,
    })
    bytes.set(sessions, SIDE_TABLE.bytes)
    bytes.set(allocated, SIDE_TABLE.bytes + sessions.length)
    return bytes
  }

  /** Reads bytes whose checksum the superblock has confirmed. */
  static decode(bytes: Uint8Array, outcomesBytesMax: number): SideState {
    const head = SIDE_TABLE.read(new DataView(bytes.buffer, bytes.byteOffset, bytes.length))
    const sessionsEnd = SIDE_TABLE.bytes + head.sessionsBytes
    if (head.magic !== SIDE_MAGIC || sessionsEnd + head.allocatedBytes > bytes.length) {
      throw new StorageError('corrupt', 'The side table of this database is damaged.')
    }
    return new SideState(
      Sessions.decode(bytes.subarray(SIDE_TABLE.bytes, sessionsEnd), outcomesBytesMax),
      new Allocation(bytes.subarray(sessionsEnd, sessionsEnd + head.allocatedBytes)),
    )
  }
}
