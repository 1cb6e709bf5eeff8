// Where conformance files lie: this project's own, and whatever corpus is named by path.
import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const EXTENSION = /\.(?:slt|test|sqllogictest)$/

export interface ConformanceFile {
  readonly name: string
  readonly text: string
}

/** This project's own files, by name. */
export async function ownFiles(): Promise<ConformanceFile[]> {
  return readFiles(await filesUnder(join(dirname(fileURLToPath(import.meta.url)), 'files')))
}

/** The files at or below a path, in order: a file whatever it is called, in a directory those of a known extension. */
export async function filesUnder(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path]
  const entries = await readdir(path, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && EXTENSION.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function readFiles(paths: readonly string[]): Promise<ConformanceFile[]> {
  return Promise.all(paths.map(async (path) => ({ name: basename(path), text: await readFile(path, 'utf8') })))
}
