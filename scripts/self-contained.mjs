// A bundler plugin that fails the build unless every script of it is one file that needs no other: it imports nothing,
// statically or dynamically, and locates nothing by import.meta. The worker has to be such a file, so that any bundler
// may copy it as it is.
//
// The one exception is the import of an application's module, whose address comes in a message. It may be there once, and
// is given the comments by which bundlers that process the file all the same leave it alone; the minifier drops them.
import { visit } from './syntax.mjs'

const REFERENCES = ['ImportDeclaration', 'ImportExpression', 'ExportAllDeclaration', 'MetaProperty']
const LEAVE_ALONE = '/* webpackIgnore: true */ /* @vite-ignore */'

export function selfContained() {
  return {
    name: 'self-contained',
    generateBundle(_, bundle) {
      for (const chunk of Object.values(bundle)) {
        const { type, fileName, code } = chunk
        if (type !== 'chunk' || !fileName.endsWith('.js')) continue
        let foreign
        visit(this.parse(code), (node) => {
          const { type, start, end } = node
          if (!REFERENCES.includes(type) || code.slice(start, end) === 'new.target') return
          if (type === 'ImportExpression' && node.source.type === 'Identifier' && !foreign) foreign = node
          else this.error(`${fileName} is not self-contained: ${code.slice(Math.max(0, start - 60), end + 60)}`)
        })
        if (!foreign) continue
        const { start, end, source } = foreign
        chunk.code = `${code.slice(0, start)}import(${LEAVE_ALONE} ${source.name})${code.slice(end)}`
      }
    },
  }
}
