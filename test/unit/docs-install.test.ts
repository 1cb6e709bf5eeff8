// docs/install.md and the fixtures are the same: what a newcomer is told to write is what `npm run fixtures` tries.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { FIXTURES } from '../../scripts/fixtures/list.mjs'

const root = join(import.meta.dirname, '..', '..')
const sections = readFileSync(join(root, 'docs', 'install.md'), 'utf8').split(/^## /m)

/** Made by the framework's own command, or what is installed. */
const NOT_WRITTEN: Readonly<Record<string, RegExp>> = {
  angular: /^(package|angular|tsconfig)\.json$|^src\/index\.html$/,
}

function sectionOf(name: string): string {
  const found = sections.find((section) => section.includes(`<!-- fixture: ${name} -->`))
  if (found === undefined) throw new Error(`docs/install.md has no section for the fixture ${name}`)
  return found
}

/** Those of pages; a fixture with programs has documentation of its own. */
const PAGES = Object.entries(FIXTURES).filter(([, { modes }]) =>
  Object.values(modes).some(({ dev, serve }) => dev ?? serve),
)

describe.each(PAGES)('the section of %s', (name, { prepare = [], modes }) => {
  const section = sectionOf(name)
  const shown = new Map(
    [...section.matchAll(/^`([^`\n]+)`:\n\n```\w*\n([\s\S]*?)^```$/gm)].map(([, file, text]) => [file, text]),
  )

  it('shows each file of the fixture, word for word, and no other', () => {
    const folder = join(root, 'fixtures', name)
    const files = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .filter((file) => file !== 'package.json' && !NOT_WRITTEN[name]?.test(file))
    expect([...shown.keys()].sort()).toEqual(files.sort())
    for (const [file, text] of shown) expect(text, `${file}`).toBe(readFileSync(join(folder, `${file}`), 'utf8'))
  })

  it('names each command that is run', () => {
    const commands = [
      ...prepare,
      ...Object.values(modes).flatMap(({ build = [], dev }) => (dev ? [...build, dev] : build)),
    ]
    for (const command of commands) {
      const words = command
        .join(' ')
        .replace(/ --port PORT$/, '')
        .replace('PORT', '8000')
      expect(section).toContain(words)
    }
  })

  it('installs each package that the fixture pins, exactly', () => {
    const { dependencies = {}, devDependencies = {} } = JSON.parse(
      readFileSync(join(root, 'fixtures', name, 'package.json'), 'utf8'),
    ) as Partial<Record<string, Record<string, string>>>
    for (const [dependency, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      expect(version, dependency).toMatch(/^\d+\.\d+\.\d+$/)
      if (NOT_WRITTEN[name] === undefined) expect(section).toContain(dependency)
    }
  })
})
