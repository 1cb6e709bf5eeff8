// Splits a script into its statements before anything of it runs. It knows what SQLite's own tokenizer knows about where a
// semicolon does not end a statement: strings, quoted names, comments and trigger bodies. It judges nothing; SQLite does.

export interface ScriptStatement {
  readonly text: string
  /** Where the text begins in the script, in UTF-16 units. */
  readonly offset: number
  /** The first word in upper case, '' if it does not begin with one; EXPLAIN counts as itself. */
  readonly keyword: string
}

// One token per match: a comment, a string or quoted name (as far as it goes), a word, a semicolon, anything else.
const TOKEN =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*(?:'|$)|"(?:[^"]|"")*(?:"|$)|`(?:[^`]|``)*(?:`|$)|\[[^\]]*(?:\]|$)|[\p{L}\p{N}_$\u0080-\uffff]+|;|\S/gu

/** The statements of a script; empty ones are left out. */
export function splitScript(script: string): ScriptStatement[] {
  const statements: ScriptStatement[] = []
  let start = -1
  let words: string[] = []
  let inTrigger = false
  let previous = ''
  let beforePrevious = ''
  const finish = (end: number) => {
    if (start >= 0) {
      const keyword = /^\w/.test(words[0] ?? '') ? words[0]! : ''
      statements.push({ text: script.slice(start, end), offset: start, keyword })
    }
    start = -1
    words = []
    inTrigger = false
    previous = beforePrevious = ''
  }
  for (const match of script.matchAll(TOKEN)) {
    const token = match[0]
    if (token.startsWith('--') || token.startsWith('/*')) continue
    if (token === ';') {
      // A trigger's body is a list of statements; it ends where END follows a semicolon, not where a CASE ends.
      if (!inTrigger || (previous === 'END' && beforePrevious === ';')) {
        finish(match.index)
        continue
      }
    } else if (start < 0) start = match.index
    beforePrevious = previous
    previous = token.toUpperCase()
    if (words.length < 8 && start >= 0) {
      words.push(previous)
      inTrigger ||= isTriggerStart(words)
    }
  }
  finish(script.length)
  return statements
}

/** True if the text holds nothing but white space, comments and semicolons. */
export function isBlank(text: string): boolean {
  return splitScript(text).length === 0
}

/** The first word of a statement in upper case. */
export function firstKeyword(sql: string): string {
  for (const match of sql.matchAll(TOKEN)) {
    const token = match[0]
    if (token === ';' || token.startsWith('--') || token.startsWith('/*')) continue
    return /^\w/.test(token) ? token.toUpperCase() : ''
  }
  return ''
}

function isTriggerStart(words: readonly string[]): boolean {
  const text = words.join(' ')
  return /^(EXPLAIN (QUERY PLAN )?)?CREATE (TEMP |TEMPORARY )?TRIGGER$/.test(text)
}
