// What the client takes from a statement's text. Wrong in one direction is harmless, in the other not: control must never
// be missed, a write never be claimed.

import { expect, test } from 'vitest'
import { scriptText, statementText } from '../../src/client/sql-text.ts'

test('transaction control is seen behind white space, comments and empty statements', () => {
  for (const sql of [
    'BEGIN',
    ' begin immediate',
    ';;COMMIT',
    '-- a\n/* b; ** */ rollback',
    '\u00a0END',
    'Savepoint a',
    'VACUUM',
    'attach x',
  ]) {
    expect(statementText(sql), sql).toMatchObject({ control: true })
  }
  for (const sql of ['SELECT 1', 'beginning', '-- BEGIN', '/* BEGIN */ SELECT', '', 'INSERT INTO "begin" VALUES (1)']) {
    expect(statementText(sql), sql).toMatchObject({ control: false })
  }
})

test('what may open and what closes a transaction is told apart', () => {
  expect(statementText('BEGIN')).toMatchObject({ opens: true, closes: false })
  expect(statementText('SAVEPOINT a')).toMatchObject({ opens: true })
  for (const sql of ['COMMIT', 'END TRANSACTION', 'ROLLBACK', 'rollback transaction']) {
    expect(statementText(sql), sql).toMatchObject({ opens: false, closes: true })
  }
  for (const sql of ['ROLLBACK TO a', 'rollback /* x */ transaction to a', 'RELEASE a']) {
    expect(statementText(sql), sql).toMatchObject({ closes: false })
  }
})

test('a write is claimed of its first word, the one behind WITH, and of PRAGMAs that write', () => {
  for (const sql of [
    'INSERT',
    'update t',
    'CREATE TABLE',
    'BEGIN IMMEDIATE',
    'WITH x(i) AS (SELECT 1) INSERT INTO t SELECT i FROM x',
    "with recursive x as materialized (select ')' /* ) */), y as (select 1 -- )\n) delete from t",
    'PRAGMA user_version = 1',
    'pragma main.application_id(7)',
    'PRAGMA optimize',
  ])
    expect(statementText(sql), sql).toMatchObject({ writes: true, reads: false })
  for (const sql of [
    'SELECT',
    'WITH x AS (DELETE)',
    'WITH x AS (SELECT 1) SELECT * FROM x',
    'WITH "insert" AS (VALUES (1)) SELECT 1',
    'WITH x AS (SELECT 1',
    'PRAGMA user_version',
    'PRAGMA foreign_keys = 1',
    'BEGIN',
  ]) {
    expect(statementText(sql).writes, sql).toBe(false)
  }
  expect(statementText('WITH x AS (SELECT 1) SELECT * FROM x').reads).toBe(true)
  expect(statementText('SELECT 1').reads).toBe(true)
  expect(statementText('PRAGMA x').reads).toBe(false)
})

test('control anywhere in a script is seen, the ends of triggers are not taken for it', () => {
  for (const script of ['INSERT; BEGIN; X', 'A;--\nCOMMIT', 'A; /* ; */ detach x']) {
    expect(scriptText(script).control, script).toBe(true)
  }
  const trigger = 'CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = 1; END; CREATE TABLE c (d)'
  expect(scriptText(trigger).control).toBe(false)
  expect(scriptText(`${trigger}; COMMIT`).control).toBe(true)
  expect(scriptText('A; BEGIN').opens).toBe(true)
})

test('a script closes what is open if its last statement surely does', () => {
  for (const script of ['COMMIT', ' end ;', 'INSERT; rollback transaction', 'BEGIN; A; COMMIT;\n'])
    expect(scriptText(script).closes, script).toBe(true)
  for (const script of [
    'ROLLBACK TO s',
    'COMMIT; BEGIN',
    'INSERT -- ; COMMIT',
    "INSERT '; COMMIT'",
    'CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END',
  ])
    expect(scriptText(script).closes, script).toBe(false)
})

test('no text makes the search slow', () => {
  for (const sql of [
    '/* a */'.repeat(50_000),
    '/*'.repeat(50_000),
    '-- a\n'.repeat(50_000),
    ';'.repeat(50_000),
    '/**'.repeat(50_000),
  ]) {
    statementText(sql)
    scriptText(sql)
  }
})
