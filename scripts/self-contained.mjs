// A bundler plugin that fails the build unless every script of it is one file that needs no other: it imports nothing,
// statically or dynamically, and locates nothing by import.meta. The worker has to be such a file, so that any bundler
// may copy it as it is.
import { visit } from './syntax.mjs'

const REFERENCES = ['ImportDeclaration', 'ImportExpression', 'ExportAllDeclaration', 'MetaProperty']

export function selfContained() {
  return {
    name: 'self-contained',
    generateBundle(_, bundle) {
      for (const { type, fileName, code } of Object.values(bundle)) {
        if (type !== 'chunk' || !fileName.endsWith('.js')) continue
        visit(this.parse(code), ({ type, start, end }) => {
          if (!REFERENCES.includes(type) || code.slice(start, end) === 'new.target') return
          this.error(`${fileName} is not self-contained: ${code.slice(Math.max(0, start - 60), end + 60)}`)
        })
      }
    },
  }
}
