// Where the statements of a script end. It stands apart from the console because it is a small language of its own:
// strings, quoted names, comments and trigger bodies may hold semicolons that end nothing. SQLite has the last word: a
// script that is split wrongly is refused with a syntax error, never run differently.

/** A statement's place in the script: from its first character to behind its last, without the semicolon. */
export interface StatementRange {
  readonly from: number
  readonly to: number
}

const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*|;|\s+|./gy

/** The statements of `script`, in order; what holds only comments and space is none. */
export function splitStatements(script: string): StatementRange[] {
  const ranges: StatementRange[] = []
  let from = -1
  let to = 0
  let words: string[] = []
  // Depth of BEGIN and CASE inside a trigger's body, where semicolons do not end the statement.
  let depth = 0
  let trigger = false
  const finish = () => {
    if (from >= 0) ranges.push({ from, to })
    from = -1
    words = []
    depth = 0
    trigger = false
  }
  for (const { 0: token, index } of script.matchAll(TOKEN)) {
    if (/^(\s|--|\/\*)/.test(token)) continue
    if (token === ';' && depth === 0) {
      finish()
      continue
    }
    if (from < 0) from = index
    to = index + token.length
    if (!/^[A-Za-z]/.test(token)) continue
    const word = token.toUpperCase()
    if (words.length < 4) words.push(word)
    trigger ||= /^(EXPLAIN (QUERY PLAN )?)?CREATE (TEMP |TEMPORARY )?TRIGGER$/.test(words.join(' '))
    if (trigger && (word === 'BEGIN' || word === 'CASE')) depth++
    else if (trigger && word === 'END') depth--
  }
  finish()
  return ranges
}
