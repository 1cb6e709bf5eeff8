// What the page itself remembers between visits (theme, history, last name), apart from any database. Storage that is
// switched off only means that nothing is remembered.

const PREFIX = 'playground.'

export function stored(key: string): string | undefined {
  try {
    return localStorage.getItem(PREFIX + key) ?? undefined
  } catch {
    return undefined
  }
}

export function store(key: string, value: string): void {
  try {
    localStorage.setItem(PREFIX + key, value)
  } catch {
    // Private windows and full storage: the page works the same, it just forgets.
  }
}
