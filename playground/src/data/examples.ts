// Queries to start from: some need nothing, some the cities.

export interface Example {
  readonly title: string
  readonly sql: string
}

export const cityExamples: readonly Example[] = [
  {
    title: 'Cities by country',
    sql: `SELECT countries.name AS country, count(*) AS cities,
       round(100.0 * count(*) / (SELECT count(*) FROM cities), 2) AS percent
  FROM cities JOIN countries ON countries.code = cities.country
 GROUP BY cities.country
 ORDER BY cities DESC;
`,
  },
  {
    title: 'Nearest to a point',
    sql: `-- Great-circle distance in km from the Stephansdom in Vienna.
WITH here (lat, lng) AS (VALUES (48.2085, 16.3731))
SELECT name, country,
       round(6371 * acos(min(1,
         sin(radians(here.lat)) * sin(radians(cities.lat)) +
         cos(radians(here.lat)) * cos(radians(cities.lat)) * cos(radians(cities.lng - here.lng)))), 2) AS km
  FROM cities, here
 ORDER BY km
 LIMIT 50;
`,
  },
  {
    title: 'Name search',
    sql: `SELECT cities.name, regions.name AS region, countries.name AS country, lat, lng
  FROM cities
  JOIN countries ON countries.code = cities.country
  LEFT JOIN regions ON regions.country = cities.country AND regions.code = cities.region
 WHERE cities.name LIKE 'san f%'
 ORDER BY cities.name, country;
`,
  },
  {
    title: 'Largest regions',
    sql: `SELECT regions.name AS region, countries.name AS country, count(*) AS cities
  FROM cities
  JOIN regions ON regions.country = cities.country AND regions.code = cities.region
  JOIN countries ON countries.code = cities.country
 GROUP BY cities.country, cities.region
 ORDER BY cities DESC
 LIMIT 100;
`,
  },
  {
    title: 'Most frequent names',
    sql: `SELECT name, count(*) AS cities, count(DISTINCT country) AS countries
  FROM cities
 GROUP BY name
HAVING cities > 20
 ORDER BY cities DESC;
`,
  },
  {
    title: 'Every city, north to south',
    sql: `SELECT id, name, country, lat, lng FROM cities ORDER BY lat DESC;
`,
  },
]

export const generalExamples: readonly Example[] = [
  {
    title: 'Create a table',
    sql: `DROP TABLE IF EXISTS planets;
CREATE TABLE planets (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, moons INTEGER, day_hours REAL);
INSERT INTO planets (name, moons, day_hours) VALUES
  ('Mercury', 0, 4222.6), ('Venus', 0, 2802.0), ('Earth', 1, 24.0), ('Mars', 2, 24.7),
  ('Jupiter', 97, 9.9), ('Saturn', 274, 10.7), ('Uranus', 28, 17.2), ('Neptune', 16, 16.1);
SELECT * FROM planets ORDER BY moons DESC;
`,
  },
  {
    title: 'A value of every type',
    sql: `SELECT NULL AS null_value, 42 AS integer, 9007199254740993 AS beyond_double, pi() AS real,
       'Grüße, Ελλάδα' AS text, x'53514c6974652d424c4f42' AS blob;
`,
  },
  {
    title: '100 000 rows',
    sql: `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
SELECT i, i * i AS square, sqrt(i) AS root, printf('%06x', i) AS hex, hex(randomblob(8)) AS random FROM n;
`,
  },
  {
    title: 'JSON',
    sql: `SELECT key, value ->> '$.name' AS name, json_array_length(value, '$.tags') AS tags
  FROM json_each('[{"name":"first","tags":["a","b"]},{"name":"second","tags":[]}]');
`,
  },
  { title: 'Check the integrity', sql: 'PRAGMA integrity_check;\n' },
]
