// The parser of sqllogictest files, and that it refuses whatever it does not know, by line.
import { describe, expect, it } from 'vitest'
import { ParseError, parseConformance } from '../conformance/parse.ts'

describe('the parser', () => {
  it('reads statements with all kinds of outcome', () => {
    const records = parseConformance(
      [
        '# a comment',
        'statement ok',
        'CREATE TABLE t(',
        '  a)',
        '',
        'statement error',
        'nonsense',
        '',
        'statement error UNIQUE constraint.*t\\.a',
        'INSERT INTO t VALUES(1)',
        '',
        'statement error',
        'INSERT INTO t VALUES(2)',
        '----',
        'the message',
        '',
        'statement count 3',
        'DELETE FROM t',
      ].join('\n'),
    )
    expect(records).toMatchObject([
      { type: 'statement', line: 2, sql: 'CREATE TABLE t(\n  a)', outcome: { kind: 'ok' } },
      { type: 'statement', line: 6, outcome: { kind: 'error', pattern: undefined } },
      { type: 'statement', line: 9, outcome: { kind: 'error', pattern: /UNIQUE constraint.*t\.a/ } },
      { type: 'statement', line: 12, outcome: { kind: 'error', pattern: 'the message' } },
      { type: 'statement', line: 17, sql: 'DELETE FROM t', outcome: { kind: 'count', count: 3 } },
    ])
  })

  it('reads queries with types, sort mode, label and result', () => {
    const records = parseConformance(
      [
        'query IRT rowsort label-1',
        'SELECT a, b',
        'FROM t',
        '----',
        '1',
        '2.000',
        '(empty)',
        '',
        'query I',
        'SELECT 1 WHERE 0',
        '----',
        '',
        'query II valuesort',
        'SELECT 1',
        '----',
        '3 values hashing to 0123',
        '',
        'query I label-2',
        'SELECT 1',
        '----',
        '1',
        '',
        'query error no such',
        'SELECT x',
      ].join('\n'),
    )
    expect(records).toMatchObject([
      { line: 1, types: 'IRT', sort: 'rowsort', label: 'label-1', sql: 'SELECT a, b\nFROM t' },
      { line: 9, types: 'I', sort: undefined, label: undefined, outcome: { kind: 'rows', lines: [] } },
      { line: 13, types: 'II', sort: 'valuesort', label: undefined },
      { line: 18, types: 'I', sort: undefined, label: 'label-2', outcome: { kind: 'rows', lines: ['1'] } },
      { line: 23, outcome: { kind: 'error', pattern: /no such/ } },
    ])
    expect(records[0]).toMatchObject({ outcome: { lines: ['1', '2.000', '(empty)'] } })
  })

  it('reads conditions, also several, with comments behind and between', () => {
    const records = parseConformance(
      'skipif MySQL # not compatible\n# more\nonlyif sqlite\nstatement ok\nSELECT 1\n\nonlyif mssql\nhalt\n',
    )
    expect(records).toMatchObject([
      {
        type: 'statement',
        line: 4,
        conditions: [
          { kind: 'skipif', label: 'mysql' },
          { kind: 'onlyif', label: 'sqlite' },
        ],
      },
      { type: 'halt', conditions: [{ kind: 'onlyif', label: 'mssql' }] },
    ])
  })

  it('reads settings', () => {
    expect(parseConformance('hash-threshold 8\n\ncontrol sortmode rowsort\ncontrol resultmode rowwise')).toMatchObject([
      { type: 'hash-threshold', values: 8 },
      { type: 'sortmode', mode: 'rowsort' },
      { type: 'resultmode', mode: 'rowwise' },
    ])
  })

  it('gives the same records for lines that end in CR LF, and past a byte order mark', () => {
    const text = 'statement ok\nSELECT\n1\n\nquery I rowsort\nSELECT 1\n----\n1\n\n# end\nhalt\n'
    const records = parseConformance(text)
    expect(records).toHaveLength(3)
    expect(parseConformance(text.replaceAll('\n', '\r\n'))).toEqual(records)
    expect(parseConformance(`\ufeff${text}`)).toEqual(records)
  })

  it.each([
    ['an unknown record', 'statement ok\nSELECT 1\n\nfrobnicate', 4, 'frobnicate'],
    ['an unknown kind of statement', 'statement maybe\nSELECT 1', 1, 'maybe'],
    ['a count that is no number', 'statement count few\nSELECT 1', 1, 'few'],
    ['a result below a statement', 'statement ok\nSELECT 1\n----\n1', 3, 'only a query'],
    ['an unknown column type', '\nquery IX\nSELECT 1, 2\n----\n1\n2', 2, 'IX'],
    ['a query without a result block', 'query I\nSELECT 1\n\nstatement ok\nSELECT 1', 1, '----'],
    ['words behind the label', 'query I nosort one two\nSELECT 1\n----\n1', 1, 'two'],
    ['a record without SQL', 'statement ok\n\nstatement ok\nSELECT 1', 1, 'no SQL'],
    ['a condition without a record', 'skipif sqlite\n\nstatement ok\nSELECT 1', 2, 'condition'],
    ['a condition at the end', 'onlyif sqlite', 1, 'condition'],
    ['a wrong regular expression', 'statement error a(\nSELECT 1', 1, 'regular expression'],
    ['two messages of one error', 'statement error a\nSELECT 1\n----\nb', 1, 'one message'],
    ['a threshold that is no number', 'hash-threshold many', 1, 'many'],
    ['an unknown control', 'control substitution on', 1, 'substitution'],
  ])('refuses %s', (_what, text, line, words) => {
    const parse = () => parseConformance(text)
    expect(parse).toThrow(ParseError)
    expect(parse).toThrow(words)
    try {
      parse()
    } catch (error) {
      expect(error).toMatchObject({ line })
    }
  })
})
