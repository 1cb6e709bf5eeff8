// A process that tries to own a storage directory, for the tests of the node device: it says `owned`, or `refused` with
// the error's code, then waits to be killed or, after `close` on its input, closes and ends.
//   node --import <ts loader> node-lock-holder.ts <directory> [start file to wait for]

import { existsSync } from 'node:fs'
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'

const [directory, startFile] = process.argv.slice(2)
process.stdout.write('ready\n')
// A hot wait, so that processes that race start within microseconds of each other.
while (startFile && !existsSync(startFile));
try {
  const device = openNodeDevice(directory!, realEnvironment().random)
  device.write('main', new TextEncoder().encode(`written by ${process.pid}`), 0)
  device.sync()
  process.stdout.write(`owned ${process.pid}\n`)
  process.stdin.once('data', () => {
    device.close()
    process.exit(0)
  })
} catch (error) {
  process.stdout.write(`refused ${error instanceof Error && 'code' in error ? error.code : String(error)}\n`)
  process.exit(0)
}
