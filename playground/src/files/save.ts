// Hands a file to the user as a download. Parts are made between turns of the page, so that a large result does not
// freeze it.

/** Time that making parts may take before the page gets a turn. */
const TURN_MS = 30

export async function blobOf(parts: Iterable<string>, type: string): Promise<Blob> {
  const made: Blob[] = []
  let turnMs = performance.now()
  for (const part of parts) {
    // A browser may keep a blob outside of the page's memory, a text it cannot.
    made.push(new Blob([part]))
    if (performance.now() - turnMs < TURN_MS) continue
    await new Promise((resolve) => setTimeout(resolve))
    turnMs = performance.now()
  }
  return new Blob(made, { type })
}

export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  // The browser reads the address after this turn; nothing tells when it has.
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}
