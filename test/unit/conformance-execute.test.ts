// The rules by which a result is judged, on a scripted session: each with files that hold and files that must fail.
import { describe, expect, it } from 'vitest'
import type { ConformanceValue } from '../conformance/render.ts'
import { DATASYNC, describeFailures, runFile, SQLITE } from '../conformance/report.ts'
import type { ConformanceSession } from '../conformance/session.ts'

/** Answers each SQL text with what the test wrote down for it. */
class ScriptedSession implements ConformanceSession {
  readonly asked: string[] = []
  readonly #answers: Readonly<Record<string, Answer>>

  constructor(answers: Readonly<Record<string, Answer>>) {
    this.#answers = answers
  }

  async exec(sql: string): Promise<void> {
    this.#answer(sql)
  }

  async run(sql: string): Promise<number> {
    const answer = this.#answer(sql)
    return typeof answer === 'number' ? answer : 0
  }

  async query(sql: string): Promise<readonly (readonly ConformanceValue[])[]> {
    const answer = this.#answer(sql)
    return Array.isArray(answer) ? answer : []
  }

  #answer(sql: string): Answer {
    this.asked.push(sql)
    const answer = this.#answers[sql] ?? 0
    if (answer instanceof Error) throw answer
    return answer
  }
}

type Answer = number | Error | readonly (readonly ConformanceValue[])[]

const UNIQUE = Object.assign(new Error('UNIQUE constraint failed: t.a'), { code: 'SQLITE_CONSTRAINT_UNIQUE' })
const ANSWERS: Readonly<Record<string, Answer>> = {
  numbers: [[3n], [1n], [2n]],
  pairs: [
    [2n, 'b'],
    [1n, 'a c'],
  ],
  kinds: [[1n, 1, "it's\n", new Uint8Array([0, 255]), null, '']],
  fails: UNIQUE,
  three: 3,
  nothing: [],
}
// `printf '1\n2\n3\n' | md5sum`, and of `3\n1\n2\n`.
const SORTED_HASH = 'c0710d6b4f15dfa88f600b0e6b624077'
const UNSORTED_HASH = '6aedf78b5040f95db16c33d40e836165'

async function run(text: string, labels = SQLITE) {
  const session = new ScriptedSession(ANSWERS)
  const result = await runFile(session, text, labels)
  return { ...result, asked: session.asked }
}

describe('a file holds', () => {
  it.each([
    ['a statement that succeeds', 'statement ok\nanything'],
    ['any error', 'statement error\nfails'],
    ['an error by regular expression', 'statement error UNIQUE.*t\\.a$\nfails'],
    ['an error by its code', 'statement error ^SQLITE_CONSTRAINT_UNIQUE:\nfails'],
    ['an error by a part of its message', 'statement error\nfails\n----\nconstraint failed'],
    ['a query that fails', 'query error UNIQUE\nfails'],
    ['a count of rows', 'statement count 3\nthree'],
    ['values in order', 'query I nosort\nnumbers\n----\n3\n1\n2'],
    ['values in any order', 'query I rowsort\nnumbers\n----\n2\n3\n1'],
    ['values of all columns in any order', 'query IT valuesort\npairs\n----\n1\n2\na c\nb'],
    ['one value per line', 'query IT\npairs\n----\n2\nb\n1\na c'],
    ['one row per line', 'query IT\npairs\n----\n2  b\n1\ta c'],
    ['sorted rows, one value per line', 'query IT rowsort\npairs\n----\n1\na c\n2\nb'],
    ['sorted rows, one row per line', 'query IT rowsort\npairs\n----\n1 a c\n2 b'],
    ['no rows', 'query I\nnothing\n----'],
    ['a hash', `query I rowsort\nnumbers\n----\n3 values hashing to ${SORTED_HASH}`],
    ['every kind of value', "query IRTTTT\nkinds\n----\n1\n1.000\nit's@\n@@\nNULL\n(empty)"],
    ['every kind of value as a literal', "query QQQQQQ\nkinds\n----\n1\n1.0\n'it''s\\u{a}'\nX'00FF'\nNULL\n''"],
    [
      'two queries with one label',
      'query I rowsort x\nnumbers\n----\n1\n2\n3\n\nquery I valuesort x\nnumbers\n----\n1\n2\n3',
    ],
    ['the sort mode of the file', 'control sortmode rowsort\n\nquery I\nnumbers\n----\n1\n2\n3'],
  ])('with %s', async (_what, text) => {
    const { failures, passed } = await run(text)
    expect(failures).toEqual([])
    expect(passed).toBeGreaterThan(0)
  })
})

describe('a file fails', () => {
  it.each([
    ['a statement that should succeed', 'statement ok\nfails', 1, 'SQLITE_CONSTRAINT_UNIQUE: UNIQUE'],
    ['a statement that should fail', 'statement error\nanything', 1, 'succeeded'],
    ['another error', 'statement error FOREIGN KEY\nfails', 1, 'FOREIGN KEY'],
    ['another message', 'statement error\nfails\n----\nUNIQUE.*failed', 1, 'UNIQUE.*failed'],
    ['a query that should fail', 'query error\nnumbers', 1, 'succeeded'],
    ['another query error', 'query error SYNTAX\nfails', 1, 'SYNTAX'],
    ['an unexpected error of a query', 'query I\nfails\n----\n1', 1, 'unexpected'],
    ['another count', 'statement count 2\nthree', 1, '2 changed rows were expected, not 3'],
    ['another order', 'query I nosort\nnumbers\n----\n1\n2\n3', 1, '3 | 1 | 2'],
    ['another value', 'query I rowsort\nnumbers\n----\n1\n2\n4', 1, '1 | 2 | 4'],
    ['a value too few', 'query I rowsort\nnumbers\n----\n1\n2', 1, '1 | 2'],
    ['a value too many', 'query I rowsort\nnumbers\n----\n1\n2\n3\n3', 1, '1 | 2 | 3 | 3'],
    ['values of other rows', 'query IT rowsort\npairs\n----\n1\nb\n2\na c', 1, 'differs'],
    ['rows where there are none', 'query I\nnothing\n----\n1', 1, '(no rows)'],
    ['none where there are rows', 'query I\nnumbers\n----\n', 1, '(no rows)'],
    ['more columns', 'query III\npairs\n----\n2 b', 1, '3 columns were expected, not 2'],
    ['another hash', `query I rowsort\nnumbers\n----\n3 values hashing to ${UNSORTED_HASH}`, 1, SORTED_HASH],
    [
      'another number of hashed values',
      `query I rowsort\nnumbers\n----\n4 values hashing to ${SORTED_HASH}`,
      1,
      '4 values',
    ],
    ['an integer for a real', "query QQQQQQ\nkinds\n----\n1\n1\n'it''s\\u{a}'\nX'00FF'\nNULL\n''", 1, 'differs'],
    ['NULL for an empty text', "query IRTTTT\nkinds\n----\n1\n1.000\nit's@\n@@\nNULL\nNULL", 1, '(empty)'],
    [
      'rows where values are asked for',
      'control resultmode valuewise\n\nquery IT\npairs\n----\n2 b\n1 a c',
      3,
      'differs',
    ],
    [
      'values where rows are asked for',
      'control resultmode rowwise\n\nquery IT\npairs\n----\n2\nb\n1\na c',
      3,
      'differs',
    ],
    [
      'another result with one label',
      'query I rowsort x\nnumbers\n----\n1\n2\n3\n\nquery I x\nnumbers\n----\n3\n1\n2',
      8,
      'line 1',
    ],
    ['a record that is not known', 'statement ok\nanything\n\nperhaps', 4, 'perhaps'],
  ])('with %s', async (_what, text, line, words) => {
    const { failures } = await run(text)
    expect(failures).toMatchObject([{ line, message: expect.stringContaining(words) }])
  })
})

describe('the executor', () => {
  it('runs what the conditions leave', async () => {
    const text =
      'skipif sqlite\nstatement ok\none\n\nonlyif sqlite\nstatement ok\ntwo\n\nonlyif mysql\nstatement ok\nthree\n\n' +
      'onlyif sqlite\nonlyif datasync\nstatement ok\nfour\n\nskipif mysql\nstatement ok\nfive\n'
    expect(await run(text)).toMatchObject({ asked: ['two', 'five'], passed: 2, skipped: 3 })
    expect(await run(text, DATASYNC)).toMatchObject({ asked: ['two', 'four', 'five'], passed: 3, skipped: 2 })
  })

  it('ends at halt, unless its condition says otherwise', async () => {
    const text = 'onlyif mysql\nhalt\n\nstatement ok\none\n\nhalt\n\nstatement ok\nfails'
    expect(await run(text)).toMatchObject({ asked: ['one'], failures: [] })
  })

  it('goes on behind a failure and counts each', async () => {
    const text = 'statement ok\nfails\n\nstatement ok\none\n\nquery I\nnumbers\n----\n0'
    const result = await run(text)
    expect(result).toMatchObject({ passed: 1, failures: [{ line: 1 }, { line: 7 }] })
    expect(describeFailures('a/b.slt', result)).toMatch(/^a\/b\.slt:1: .*UNIQUE.*\na\/b\.slt:7: the result differs/)
  })

  it('shows hashes instead of values above the threshold', async () => {
    const query = 'query I rowsort\nnumbers\n----\n1\n2\n4'
    const message = async (threshold: number) =>
      (await run(`hash-threshold ${threshold}\n\n${query}`)).failures[0]?.message
    expect(await message(2)).toContain(SORTED_HASH)
    expect(await message(3)).toContain('1 | 2 | 3')
    expect(await message(0)).toContain('1 | 2 | 3')
  })
})
