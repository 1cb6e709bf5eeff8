// A result as a file, or on the clipboard.
import { useSignal } from '@preact/signals'
import { CSV_TYPE, csvParts } from '../files/csv.ts'
import { JSON_TYPE, jsonParts } from '../files/json.ts'
import { blobOf, save } from '../files/save.ts'
import { formatBytes, formatCount } from '../format.ts'
import { Menu } from '../panels/menu.tsx'
import type { RowsResult } from '../state/outcome.ts'
import { describeError } from '../state/problem.ts'
import { notice } from '../state/session.ts'

const FORMATS = [
  { name: 'CSV', file: 'result.csv', type: CSV_TYPE, parts: csvParts, hint: 'RFC 4180; NULL is empty, blobs are hex' },
  {
    name: 'JSON',
    file: 'result.json',
    type: JSON_TYPE,
    parts: jsonParts,
    hint: 'integers beyond 2⁵³ as strings, blobs as base64',
  },
] as const

type Format = (typeof FORMATS)[number]

export function ExportMenu({ result }: { result: RowsResult }) {
  const busy = useSignal(false)
  const guarded = async (work: () => Promise<void>) => {
    busy.value = true
    try {
      await work()
    } catch (error) {
      notice.value = `The result was not exported. ${describeError(error).message}`
    }
    busy.value = false
  }
  const make = ({ parts, type }: Format) => blobOf(parts(result.columns, result.rows), type)
  const download = async (format: Format) => {
    const blob = await make(format)
    save(blob, format.file)
    notice.value = `${format.file}: ${formatCount(result.rows.length, 'row')}, ${formatBytes(blob.size)}.`
  }
  const copy = async (format: Format) => {
    const blob = await make(format)
    await navigator.clipboard.writeText(await blob.text())
    notice.value = `Copied ${formatCount(result.rows.length, 'row')} as ${format.name}.`
  }
  return (
    <Menu label={busy.value ? 'Exporting…' : 'Export'} side="right" disabled={busy.value}>
      {(close) => (
        <ul>
          {FORMATS.map((format) => (
            <li key={format.name} class="export-line">
              <button
                type="button"
                class="menu-entry"
                onClick={() => {
                  close()
                  void guarded(() => download(format))
                }}
              >
                <span>{format.name} file</span>
                <span class="quiet">{format.hint}</span>
              </button>
              <button
                type="button"
                class="small"
                aria-label={`Copy as ${format.name}`}
                onClick={() => {
                  close()
                  void guarded(() => copy(format))
                }}
              >
                Copy
              </button>
            </li>
          ))}
        </ul>
      )}
    </Menu>
  )
}
