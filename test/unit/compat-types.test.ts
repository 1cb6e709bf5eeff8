// Code that was written against the published types compiles against ours: the published example does, and each published
// type is the same as ours or can be used in its place.

import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const published = `${root}test/compat/published/`

const CHECKS = `
import init, * as ours from 'datasync/compat'
import type * as published from './sqlite_indexeddb_rs.js'

export const SQLiteDB: typeof published.SQLiteDB = ours.SQLiteDB
export const start: typeof published.default = init
export const config = (given: published.DatabaseConfig): ours.DatabaseConfig => given
export const options = (given: published.TransactionOptions): ours.TransactionOptions => given
export const level = (given: published.IsolationLevel): ours.IsolationLevel => given
export const levelBack = (given: ours.IsolationLevel): published.IsolationLevel => given
export const result = (given: ours.QueryResult): published.QueryResult => given
export const resultBack = (given: published.QueryResult): ours.QueryResult => given
export const row = (given: ours.Row): published.Row => given
export const value = (given: ours.ColumnValue): published.ColumnValue => given
export const statement = (given: ours.PreparedStatementId): published.PreparedStatementId => given
export const text = async (db: ours.DatabaseConnection): Promise<string> => db.query('SELECT 1')
`

function errorsOf(checks: string): string[] {
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ES2020,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: [
      'lib.es2024.d.ts',
      'lib.esnext.disposable.d.ts',
      'lib.dom.d.ts',
      'lib.dom.iterable.d.ts',
      'lib.dom.asynciterable.d.ts',
    ],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    paths: { 'datasync/compat': [`${root}src/compat/index.ts`] },
  }
  const host = ts.createCompilerHost(options)
  const { getSourceFile, fileExists, readFile } = host
  const path = `${published}checks.ts`
  host.fileExists = (name) => name === path || fileExists(name)
  host.readFile = (name) => (name === path ? checks : readFile(name))
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, checks, ts.ScriptTarget.ES2022) : getSourceFile(name, ...rest)
  const program = ts.createProgram([`${published}app.ts`, path], options, host)
  return ts
    .getPreEmitDiagnostics(program)
    .map(({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`)
}

test('the published example and the published types compile against ours', { timeout: 60_000 }, () => {
  expect(errorsOf(CHECKS)).toEqual([])
})

test('a program that does not fit the published types is refused', { timeout: 60_000 }, () => {
  const wrong =
    "import { SQLiteDB } from 'datasync/compat'\nexport const id: string = new SQLiteDB({ name: 'a' }).prepare('SELECT 1')"
  expect(errorsOf(wrong)).toEqual([expect.stringContaining("Type 'number' is not assignable to type 'string'")])
})
