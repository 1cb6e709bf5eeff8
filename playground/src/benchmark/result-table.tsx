// The databases of one row, the best first, each with a bar: the longer the better.
import { OWN, type Result } from './measuring.ts'

interface Line {
  readonly result: Result
  /** The more the better. */
  readonly goodness: number
  readonly text: string
}

export function ResultTable({ results }: { readonly results: readonly Result[] }) {
  const [first] = results
  if (!first) return null
  const { id, title, figure, unit = 'operations' } = first.part
  const lines = results.map(lineOf).sort((a, b) => b.goodness - a.goodness)
  const most = lines[0]?.goodness ?? 1
  const level = results.some(({ cell }) => cell.durability === 'relaxed') ? ', relaxed' : ''
  return (
    <section class="row-result">
      <h2>
        {id} {title}
        {level} <span class="quiet">{figure === undefined ? `${unit} per second` : 'ms, less is better'}</span>
      </h2>
      <table>
        <tbody>
          {lines.map(({ result: { cell, how, error }, goodness, text }) => (
            <tr key={`${cell.adapter} ${cell.storage}`} class={cell.adapter === OWN ? 'own' : undefined}>
              <th scope="row">
                {cell.adapter}, {cell.storage} <span class="quiet">{how}</span>
              </th>
              <td class="bar-cell">
                {error === undefined ? (
                  <div class="bar" style={{ width: `${(100 * goodness) / most}%` }} />
                ) : (
                  <span class="bad">{error}</span>
                )}
              </td>
              <td class="figure">{text}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function lineOf(result: Result): Line {
  const { runs, count, part } = result
  const middle = [...runs].sort((a, b) => a - b)[runs.length >> 1]
  if (middle === undefined) return { result, goodness: 0, text: '' }
  const rate = (count * 1000) / middle
  if (part.figure === 'ms') return { result, goodness: 1 / middle, text: `${middle.toFixed(1)} ms` }
  return { result, goodness: rate, text: `${Math.round(rate).toLocaleString('en')} /s` }
}
