// The databases that can be measured; the first one is the default.
import type { Adapter } from './adapter.ts'
import { datasync } from './datasync.ts'

export const ADAPTERS: readonly Adapter[] = [datasync]
