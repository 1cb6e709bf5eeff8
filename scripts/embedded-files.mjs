// A bundler plugin that makes the package's single-file form out of its ordinary source: the module that names worker and
// wasm is replaced by the one that embeds them. It stands apart because nothing but the build knows `embedded:` names.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** `files` maps the name behind `embedded:` to the path of the file; a script is embedded as text, else as base64. */
export function embeddedFiles(root, files) {
  const ordinary = join(root, 'src', 'client', 'assets.ts')
  const inline = join(root, 'src', 'inline', 'assets.ts')
  let replaced = false
  return {
    name: 'embedded-files',
    async resolveId(source, importer, options) {
      if (source.startsWith('embedded:')) return `\0${source}`
      if (!source.endsWith('/assets.ts') || importer === undefined) return null
      const resolved = await this.resolve(source, importer, { ...options, skipSelf: true })
      if (resolved?.id !== ordinary) return null
      replaced = true
      return inline
    },
    async load(id) {
      if (!id.startsWith('\0embedded:')) return null
      const path = files[id.slice('\0embedded:'.length)]
      const text = await readFile(path, path.endsWith('.js') ? 'utf8' : 'base64')
      // The map lies beside the ordinary worker; a blob has no place beside it.
      return `export default ${JSON.stringify(text.replace(/\n?\/\/# sourceMappingURL=.*\n?$/, ''))}`
    },
    buildEnd(error) {
      if (!error && !replaced) throw new Error('nothing imports src/client/assets.ts any more')
    },
  }
}
