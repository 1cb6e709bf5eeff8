// What the kinds of storage and durability are called and mean.

export const STORAGE_NAMES = { opfs: 'OPFS', indexeddb: 'IndexedDB', node: 'files', memory: 'memory only' } as const

export const DURABILITY_MEANS = {
  strict: 'An answered write survives a crash and a power cut.',
  relaxed: 'An answered write survives a crash; a power cut may take the last moments.',
} as const
