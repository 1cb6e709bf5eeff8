// An application: an analytics page on the cities of GeoNames: import, groups by country, the nearest cities by R-Tree. The
// count is cities.
import type { Value } from '../adapters/adapter.ts'
import { check, type Workload } from './workload.ts'

interface City {
  readonly name: string
  readonly lat: string
  readonly lng: string
  readonly country: string
}

const NEAREST = 200
const NEAREST_CITIES = `SELECT c.name, c.country FROM city_box b JOIN city c ON c.id = b.id
  WHERE b.west >= ? AND b.east <= ? AND b.south >= ? AND b.north <= ?
  ORDER BY (c.lat - ?) * (c.lat - ?) + (c.lng - ?) * (c.lng - ?) LIMIT 10`

let source = async (): Promise<readonly City[]> => (await fetch('/cities.json')).json()
let loaded: Promise<readonly City[]> | undefined

/** Where the cities come from, if not from the page's own server. */
export function takeCitiesFrom(load: () => Promise<readonly City[]>): void {
  source = load
  loaded = undefined
}

async function rowsOf(count: number): Promise<Value[][]> {
  loaded ??= source()
  const cities = await loaded
  // Every n-th, so that a small size has all countries too.
  const step = cities.length / count
  return Array.from({ length: count }, (_, index) => {
    const { name, lat, lng, country } = cities[Math.floor(index * step)] as City
    return [index + 1, name, country, Number(lat), Number(lng)]
  })
}

export const cities: Workload = {
  name: 'cities',
  parts: [
    { name: 'cities-import', id: 'A2i', title: 'analytics page: import of cities, with an index', unit: 'rows' },
    { name: 'cities-group', id: 'A2g', title: 'analytics page: groups by country', figure: 'ms', unit: 'rows' },
    {
      name: 'cities-box',
      id: 'A2b',
      title: 'analytics page: R-Tree built',
      figure: 'ms',
      unit: 'rows',
      needs: ['rtree'],
    },
    {
      name: 'cities-near',
      id: 'A2n',
      title: `analytics page: ${NEAREST} times the nearest cities`,
      figure: 'ms',
      unit: 'rows',
      needs: ['rtree'],
    },
  ],
  writes: true,
  needs: ['sql'],
  cold: true,
  count: { full: 170_000, small: 34_000, toy: 3000 },
  fill: async () => {},
  async before(db) {
    await db.exec(
      'DROP TABLE IF EXISTS city; CREATE TABLE city (id INTEGER PRIMARY KEY, name TEXT, country TEXT, lat REAL, lng REAL)',
    )
  },
  async run(db, count, timed) {
    const rows = await rowsOf(count)
    await timed('cities-import', async () => {
      await db.runMany('INSERT INTO city (id, name, country, lat, lng) VALUES (?, ?, ?, ?, ?)', rows)
      await db.exec('CREATE INDEX city_country ON city (country)')
    })
    await timed('cities-group', async () => {
      const groups = await db.query(
        'SELECT country, count(*) AS n, avg(lat) AS lat, max(length(name)) AS longest FROM city GROUP BY country ORDER BY n DESC',
      )
      check(groups.reduce((sum, { n }) => sum + Number(n), 0) === count, 'every city in a country')
    })
    await timed('cities-box', async () => {
      await db.exec(
        'DROP TABLE IF EXISTS city_box; CREATE VIRTUAL TABLE city_box USING rtree(id, west, east, south, north)',
      )
      await db.run('INSERT INTO city_box SELECT id, lng, lng, lat, lat FROM city', [])
    })
    await timed('cities-near', async () => {
      for (let index = 0; index < NEAREST; index += 1) {
        const [, , , lat = 0, lng = 0] = rows[(index * 7919) % rows.length] as [Value, Value, Value, number, number]
        const near = await db.query(NEAREST_CITIES, [lng - 2, lng + 2, lat - 2, lat + 2, lat, lat, lng, lng])
        check(near.length > 0, 'the city itself')
      }
    })
  },
}
