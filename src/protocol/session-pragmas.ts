// The PRAGMAs that belong to a client, not to a connection or the database. They stand apart because the page checks them as
// options of `open` and the engine keeps them; they travel with the client to its next engine.

/** Names in lower case. `foreign_keys` is also the option `foreignKeys`. */
export const SESSION_PRAGMAS = [
  'foreign_keys',
  'recursive_triggers',
  'case_sensitive_like',
  'reverse_unordered_selects',
  'cache_size',
  'busy_timeout',
] as const

/** Values by name, in the form in which they stand in a PRAGMA. */
export type SessionPragmas = Readonly<Record<string, string>>
