// What lives in the simulation of many tabs have come to, together.

export interface TabsTally {
  leaders: number
  acknowledged: number
  reads: number
  answeredAgain: number
  deaths: number
  stolen: number
  deletions: number
  readonly errors: Map<string, number>
}

export const newTabsTally = (): TabsTally => ({
  leaders: 0,
  acknowledged: 0,
  reads: 0,
  answeredAgain: 0,
  deaths: 0,
  stolen: 0,
  deletions: 0,
  errors: new Map(),
})
