// The durable storages that each browser offers, best first. WebKitGTK has no OPFS.
import type { BrowserKind } from '../../../scripts/browsers.mjs'

export type DurableStorage = 'opfs' | 'indexeddb'

export function storagesOf(kind: BrowserKind): DurableStorage[] {
  return kind === 'webkit' ? ['indexeddb'] : ['opfs', 'indexeddb']
}
