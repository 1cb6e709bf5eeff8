// A name as SQL text, quoted only where SQLite would not read it bare.

const BARE = /^[a-z_][a-z0-9_]*$/i

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Like `quoteName`, but leaves plain names readable; for text that a person sees. */
export function displayName(name: string): string {
  return BARE.test(name) ? name : quoteName(name)
}
