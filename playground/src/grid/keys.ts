// Where the active cell goes for a key. Pure, so that the grid only draws.

export interface CellPlace {
  readonly row: number
  readonly column: number
}

export interface GridSize {
  readonly rows: number
  readonly columns: number
  readonly pageRows: number
}

/** The new place, or undefined if the key does not move. */
export function moveCell(event: KeyboardEvent, place: CellPlace, size: GridSize): CellPlace | undefined {
  const whole = event.ctrlKey || event.metaKey
  const to = (row: number, column: number): CellPlace => ({
    row: Math.min(Math.max(row, 0), size.rows - 1),
    column: Math.min(Math.max(column, 0), size.columns - 1),
  })
  if (size.rows === 0) return undefined
  switch (event.key) {
    case 'ArrowDown':
      return to(whole ? size.rows : place.row + 1, place.column)
    case 'ArrowUp':
      return to(whole ? 0 : place.row - 1, place.column)
    case 'ArrowRight':
      return to(place.row, whole ? size.columns : place.column + 1)
    case 'ArrowLeft':
      return to(place.row, whole ? 0 : place.column - 1)
    case 'PageDown':
      return to(place.row + size.pageRows, place.column)
    case 'PageUp':
      return to(place.row - size.pageRows, place.column)
    case 'Home':
      return to(whole ? 0 : place.row, 0)
    case 'End':
      return to(whole ? size.rows : place.row, size.columns)
    default:
      return undefined
  }
}
