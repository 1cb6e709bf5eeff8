// A process that has a database open, for the tests of datasync/node: it commits rows one after the other and says the
// number of each once it is acknowledged, until it is killed.
//   node node-database-process.js <directory>

import { open } from '../../src/node/index.ts'

const db = await open('shared.db', { directory: process.argv[2] })
await db.exec('CREATE TABLE IF NOT EXISTS t (i INTEGER PRIMARY KEY)')
process.stdout.write('open\n')
for (let i = 1; ; i++) {
  await db.run('INSERT INTO t VALUES (?)', [i])
  process.stdout.write(`${i}\n`)
}
