// What a statement does, by its words: the older APIs tell an INSERT from other writes and a write from a read in their
// answers, without a grammar at hand. What is taken for `other` wrongly only loses its count.

/** `insert`: INSERT or REPLACE. `write`: another statement that changes data or schema. `other`: reads, PRAGMAs, control. */
export type StatementVerb = 'insert' | 'write' | 'other'

/** Gaps, texts, quoted names and single characters; words and parentheses are captured. */
const TOKENS =
  /\s+|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|([a-z_]\w*)|([()])|./giy

const WRITES = new Set('update delete create drop alter reindex'.split(' '))
const AFTER_WITH = new Set('select values insert replace update delete'.split(' '))

/** Looks at the words of one statement. */
export function statementVerb(sql: string): StatementVerb {
  const words = outerWords(sql)
  const first = words.next().value
  if (first !== 'with') return verbOf(first)
  let before: string | undefined
  for (const word of words) {
    // A table expression may be called `replace`.
    if (before !== undefined) return before === 'replace' && word !== 'into' ? 'other' : verbOf(before)
    if (AFTER_WITH.has(word)) before = word
  }
  return 'other'
}

function verbOf(word: string | undefined): StatementVerb {
  if (word === 'insert' || word === 'replace') return 'insert'
  return word !== undefined && WRITES.has(word) ? 'write' : 'other'
}

/** The words outside of parentheses, in lower case. */
function* outerWords(sql: string): Generator<string, undefined, undefined> {
  let depth = 0
  for (const [, word, parenthesis] of sql.matchAll(TOKENS)) {
    if (parenthesis) depth += parenthesis === '(' ? 1 : -1
    else if (word && depth === 0) yield word.toLowerCase()
  }
  return undefined
}
