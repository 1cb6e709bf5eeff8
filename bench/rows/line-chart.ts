// A line over one growing quantity as SVG, with the range of the rounds at each mark. The quantity's axis is logarithmic, the
// value's begins at nothing, so that flat looks flat. It follows the reader's choice of light or dark.
import { rounded } from './chart.ts'

export interface Mark {
  readonly x: number
  readonly value: number
  readonly low: number
  readonly high: number
}

const WIDTH = 640
const HEIGHT = 260
const LEFT = 70
const RIGHT = 40
const TOP = 40
const BOTTOM = 50

const STYLE = `
  text { font: 12px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 } .axis { stroke: #8c959f } .grid { stroke: #d0d7de }
  .line { stroke: #0969da; fill: none; stroke-width: 2 } .mark { fill: #0969da } .range { stroke: #0969da }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .axis { stroke: #6e7681 } .grid { stroke: #30363d }
    .line, .range { stroke: #4493f8 } .mark { fill: #4493f8 }
  }`

export function lineChart(title: string, label: string, marks: readonly Mark[]): string {
  const most = Math.max(...marks.map(({ high }) => high)) * 1.1
  const [first, last] = [Math.min(...marks.map(({ x }) => x)), Math.max(...marks.map(({ x }) => x))]
  const span = Math.log(last / first) || 1
  const x = (value: number) => LEFT + (Math.log(value / first) / span) * (WIDTH - LEFT - RIGHT)
  const y = (value: number) => HEIGHT - BOTTOM - (value / most) * (HEIGHT - TOP - BOTTOM)
  const at = (value: number) => value.toFixed(1)
  const grid = [0.25, 0.5, 0.75, 1].map((share) => {
    const value = (share * most) / 1.1
    return `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(y(value))}" y2="${at(y(value))}"/><text x="${LEFT - 8}" y="${at(y(value) + 4)}" text-anchor="end">${rounded(value)}</text>`
  })
  const drawn = marks.map(
    (mark) =>
      `<line class="range" x1="${at(x(mark.x))}" x2="${at(x(mark.x))}" y1="${at(y(mark.low))}" y2="${at(y(mark.high))}"/><circle class="mark" cx="${at(x(mark.x))}" cy="${at(y(mark.value))}" r="4"/><text x="${at(x(mark.x))}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${mark.x}</text>`,
  )
  const line = marks.map((mark) => `${at(x(mark.x))},${at(y(mark.value))}`).join(' ')
  const axis = `<line class="axis" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM}"/>`
  const below = `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${label}</text>`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}"><style>${STYLE}</style><text class="title" x="8" y="20">${title}</text>${grid.join('')}${axis}<polyline class="line" points="${line}"/>${drawn.join('')}${below}</svg>\n`
}
