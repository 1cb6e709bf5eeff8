// Those who wait for the batch after the one that is being stored: all of them for the same, strict if any of them is. It
// stands apart because a batch is settled in several places.

import type { DeviceError } from './device.ts'
import type { Durability } from './indexeddb-connection.ts'

export interface Waiting {
  durability: Durability
  readonly promise: Promise<void>
  readonly resolve: (value: void | Promise<void>) => void
  readonly reject: (error: DeviceError) => void
}

export function waiting(durability: Durability): Waiting {
  let settle: Pick<Waiting, 'resolve' | 'reject'> | undefined
  const promise = new Promise<void>((resolve, reject) => {
    settle = { resolve, reject }
  })
  return { durability, promise, ...settle! }
}
