// A bar chart as SVG: one bar per database, the longer the faster, with the range of its rounds. It follows the reader's
// choice of light or dark.

export interface Bar {
  readonly label: string
  readonly value: number
  /** Of the slowest and the fastest round. */
  readonly low: number
  readonly high: number
  readonly own: boolean
}

const ROW = 24
const LABEL = 330
const PLOT = 360
const WIDTH = LABEL + PLOT + 90

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .bar { fill: #8c959f } .own { fill: #0969da }
  .range { stroke: #1f2328; stroke-width: 1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .bar { fill: #6e7681 } .own { fill: #4493f8 } .range { stroke: #e6edf3 }
  }`

export function chart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ high }) => high))
  const x = (value: number) => LABEL + (value / most) * PLOT
  const lines = bars.map(({ label, value, low, high, own }, index) => {
    const y = 34 + index * ROW
    const middle = y + 8
    return [
      `<text x="${LABEL - 8}" y="${y + 12}" text-anchor="end">${escaped(label)}</text>`,
      `<rect class="bar${own ? ' own' : ''}" x="${LABEL}" y="${y}" width="${(x(value) - LABEL).toFixed(1)}" height="16"/>`,
      `<line class="range" x1="${x(low).toFixed(1)}" x2="${x(high).toFixed(1)}" y1="${middle}" y2="${middle}"/>`,
      `<text x="${(x(high) + 6).toFixed(1)}" y="${y + 12}">${rounded(value)}</text>`,
    ].join('')
  })
  const height = 34 + bars.length * ROW + 10
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}"><style>${STYLE}</style><text class="title" x="8" y="20">${escaped(title)}</text>${lines.join('\n')}</svg>\n`
}

/** Three digits that count. */
export function rounded(value: number): string {
  if (value >= 10_000) return `${rounded(value / 1000)} k`
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3)
}

const escaped = (text: string) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/"/g, '&quot;')
