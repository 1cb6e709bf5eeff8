#!/usr/bin/env node
// The command `datasync`. Its one action, `copy-assets DIR`, copies worker and wasm to where a server finds them, for
// bundlers and frameworks that cannot do it themselves.
import { copyFile, mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FILES = ['worker.js', 'worker.js.map', 'sqlite3.wasm']
const USAGE = `Usage: datasync copy-assets DIR

Copies worker.js and sqlite3.wasm of this version into DIR, which is made if it is missing.
Then tell the page where they are served:

  open('app.db', { workerUrl: '/worker.js', wasmUrl: '/sqlite3.wasm' })

Run it again after every update of the package: worker and page must be of the same version.`

const [action, directory, ...rest] = process.argv.slice(2)
if (action === 'copy-assets' && directory !== undefined && rest.length === 0) await copyAssets(directory)
else {
  const asked = action === undefined || action === 'help' || action === '--help' || action === '-h'
  console[asked ? 'log' : 'error'](USAGE)
  process.exitCode = asked ? 0 : 2
}

async function copyAssets(to) {
  const from = join(dirname(fileURLToPath(import.meta.url)), '..', 'dist')
  try {
    await mkdir(to, { recursive: true })
    for (const name of FILES) {
      await copyFile(join(from, name), join(to, name))
      console.log(join(to, name))
    }
  } catch (error) {
    console.error(`datasync copy-assets: ${error.message}`)
    process.exitCode = 1
  }
}
