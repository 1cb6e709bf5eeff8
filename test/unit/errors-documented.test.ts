// docs/errors.md promises a line for every code; this holds it to that by reading the sources.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
// A code given to a class that takes one, to `super` in the classes' file, or named in a union of codes.
const GIVEN = /\b(?:DataSyncError|UsageError|StorageError|super)\(\s*'([a-z]+(?:-[a-z]+)*)'/g
const UNIONS = /type (?:Storage|Import)ErrorCode =([^;]*?)\n\n/g

function codesInSources(): Set<string> {
  const codes = new Set<string>()
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    // A device's own errors stay inside: the store turns them into storage errors.
    if (!entry.endsWith('.ts') || entry === join('device', 'device.ts')) continue
    const text = readFileSync(join(root, 'src', entry), 'utf8')
    for (const [, code] of text.matchAll(GIVEN)) codes.add(code!)
    for (const [, union] of text.matchAll(UNIONS))
      for (const [, code] of union!.matchAll(/'([a-z0-9-]+)'/g)) codes.add(code!)
  }
  return codes
}

describe('docs/errors.md', () => {
  const documented = readFileSync(join(root, 'docs', 'errors.md'), 'utf8')
  const codes = [...codesInSources()].sort()

  it('is checked against the codes that the sources really use', () => {
    expect(codes).toEqual(expect.arrayContaining(['busy', 'bind', 'import-utf16', 'multiple-statements', 'timeout']))
  })

  it.each(codes)('has a line for %s', (code) => {
    expect(documented).toMatch(new RegExp(`^\\| (\`\\w+\` \\| )?\`${code}\` \\|`, 'm'))
  })
})
