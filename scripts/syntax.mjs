// Walks a syntax tree; shared by the bundler plugins of this folder.

/** Calls `see` for a node and everything below it. */
export function visit(node, see) {
  see(node)
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) if (typeof child?.type === 'string') visit(child, see)
  }
}
