// The databases that can be measured; the first one is the default.
import type { Adapter } from './adapter.ts'
import { datasync } from './datasync.ts'
import { NATIVE } from './native.ts'
import { PEERS } from './peers.ts'
import { rawIndexedDb } from './raw-indexeddb.ts'

export const OWN = datasync.name

export const ADAPTERS: readonly Adapter[] = [datasync, ...PEERS, rawIndexedDb, NATIVE]
