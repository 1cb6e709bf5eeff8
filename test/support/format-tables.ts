// The tables of docs/format.md, made from the layouts of the code.
import { LAYOUTS } from '../../src/store/format.ts'

const slug = (name: string): string => name.toLowerCase().replaceAll(' ', '-')

/** One Markdown table per layout, by its marker name. */
export function formatTables(): Map<string, string> {
  return new Map(
    LAYOUTS.map((layout) => {
      const rows = Object.entries(layout.fields)
        .sort((a, b) => a[1].at - b[1].at)
        .map(([name, field]) => `| ${field.at} | ${field.bytes} | \`${name}\` | ${field.meaning} |`)
      return [
        slug(layout.name),
        ['| offset | bytes | field | meaning |', '| ---: | ---: | --- | --- |', ...rows].join('\n'),
      ]
    }),
  )
}

/** The document with each table between `<!-- table:name -->` and `<!-- end -->` made anew. */
export function withTables(document: string): string {
  let text = document
  for (const [name, table] of formatTables()) {
    text = text.replace(
      new RegExp(`(<!-- table:${name} -->\n)[^]*?(<!-- end -->)`),
      (_, open, close) => `${open}${table}\n${close}`,
    )
  }
  return text
}
