// `datasync/node` as its users load it: bundled from the sources, with the thread's script beside it. SQLite stays outside,
// so the folder lies inside the project.

import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

export type NodePackage = typeof import('../../src/node/index.ts')

export interface BuiltNodePackage {
  /** The path of a script that has a database open. */
  readonly otherProcess: string
  load(): Promise<NodePackage>
  remove(): void
}

export async function buildNodePackage(): Promise<BuiltNodePackage> {
  mkdirSync(join(root, '.tmp'), { recursive: true })
  const folder = mkdtempSync(join(root, '.tmp', 'node-package-'))
  await build({
    entryPoints: {
      index: join(root, 'src/node/index.ts'),
      'node-worker': join(root, 'src/node/worker.ts'),
      'other-process': join(root, 'test/support/node-database-process.ts'),
    },
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'es2022',
    packages: 'external',
    outdir: folder,
  })
  const url = pathToFileURL(join(folder, 'index.js')).href
  return {
    otherProcess: join(folder, 'other-process.js'),
    load: () => import(/* @vite-ignore */ url),
    remove: () => rmSync(folder, { recursive: true }),
  }
}
