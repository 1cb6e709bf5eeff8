// When a row has become slower: its ratio to its control, beside the recorded one.

/** How many times as good as its control each row is, by row, level and size. */
export type Ratios = Readonly<Record<string, number>>

/** Less is within what two runs differ by. */
const WORSE_MAX = 0.15

/** The rows that are worse than recorded by more than what counts; what was never recorded is none of them. */
export function worse(before: Ratios, now: Ratios): string[] {
  return Object.keys(now).filter((key) => {
    const was = before[key]
    return was !== undefined && (now[key] ?? 0) < was * (1 - WORSE_MAX)
  })
}
