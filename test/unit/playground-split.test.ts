// The playground's console splits a script to show the rows of its last statement; see playground/src/sql/split.ts.
import { describe, expect, it } from 'vitest'
import { splitStatements } from '../../playground/src/sql/split.ts'

const texts = (script: string) => splitStatements(script).map(({ from, to }) => script.slice(from, to))

describe('splitting a script into statements', () => {
  it('leaves out semicolons, space and comments around statements', () => {
    expect(texts('-- first\nSELECT 1;\n\n/* second; */ SELECT 2 ; -- end;')).toEqual(['SELECT 1', 'SELECT 2'])
  })

  it('finds no statement in comments and empty statements', () => {
    expect(texts(' ;; -- nothing;\n/* open')).toEqual([])
  })

  it('keeps semicolons inside strings and quoted names', () => {
    const script = `SELECT 'a;''b', "c;""d", \`e;\`, [f;]; SELECT x';'`
    expect(texts(script)).toEqual([`SELECT 'a;''b', "c;""d", \`e;\`, [f;]`, `SELECT x';'`])
  })

  it('keeps the body of a trigger with its statements and CASE expressions', () => {
    const trigger = `CREATE TEMP TRIGGER IF NOT EXISTS t AFTER INSERT ON a BEGIN
      UPDATE a SET b = CASE WHEN b THEN 1 ELSE 2 END; DELETE FROM c; END`
    expect(texts(`${trigger}; SELECT 1`)).toEqual([trigger, 'SELECT 1'])
  })

  it('ends BEGIN and COMMIT outside of triggers at their semicolons', () => {
    expect(texts('BEGIN; INSERT INTO t VALUES (1); END')).toEqual(['BEGIN', 'INSERT INTO t VALUES (1)', 'END'])
  })

  it('takes an unclosed string as part of its statement', () => {
    expect(texts("SELECT 1; SELECT 'open; SELECT 2")).toEqual(['SELECT 1', "SELECT 'open; SELECT 2"])
  })
})
