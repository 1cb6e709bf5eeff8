// What the client needs to know of a statement's text: whether it takes part in controlling transactions, and whether
// it certainly writes. It stands apart because it looks at words, not at grammar, and must err on the safe side: what is
// taken for control is never sent twice; what is not surely a write is never called the cause of a deadlock.

// White space and comments, each matched in one way only, so that no text makes the search slow.
const GAP = String.raw`(?:\s|--[^\n]*(?:\n|$)|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*`
const FIRST_WORDS = new RegExp(`^(?:${GAP};)*${GAP}([a-z]+)(?:${GAP}([a-z]+))?(?:${GAP}([a-z]+))?`, 'i')
// Behind any semicolon, though it may stand in a text or in a trigger's body.
const LATER_WORDS = new RegExp(`;${GAP}([a-z]+)`, 'gi')
// The last statement of a script. Where comments may hide it the script is taken to leave its transaction open.
const LAST_ENDS = /(?:^|;)\s*(?:commit|end|rollback)(?:\s+transaction)?[\s;]*$/i
const TRIGGER = /\bcreate\s+(?:temp\s+|temporary\s+)?trigger\b/i

// What matters for finding the statement behind WITH: texts, names, comments, parentheses, words.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/|[()]|\w+/g
const WRITING_PRAGMA =
  /^\s*pragma\s+(?:\w+\s*\.\s*)?(?:(?:user_version|application_id)\s*[=(]|(?:optimize|incremental_vacuum)\b)/i

const CONTROL = new Set('begin savepoint commit end rollback release vacuum attach detach'.split(' '))
const READS = new Set('select values explain'.split(' '))
const WRITES = new Set('insert update delete replace create drop alter reindex vacuum'.split(' '))

const WITH_VERBS = new Set('select values insert update delete replace'.split(' '))

export interface StatementText {
  /** It begins, ends or steps outside a transaction. */
  readonly control: boolean
  /** A transaction may be open after it. */
  readonly opens: boolean
  /** None is open once it has succeeded. */
  readonly closes: boolean
  /** It certainly needs the writer. */
  readonly writes: boolean
  /** It certainly changes nothing. */
  readonly reads: boolean
  /** It rewrites the database, which takes as long as that is large. */
  readonly vacuum: boolean
}

const plain: StatementText = { control: false, opens: false, closes: false, writes: false, reads: false, vacuum: false }
const plainWrite: StatementText = { ...plain, writes: true }
const plainRead: StatementText = { ...plain, reads: true }

/** Applications ask the same few statements over and over. */
const seen = new Map<string, StatementText>()
const SEEN_MAX = 256
const SEEN_LENGTH_MAX = 1000

/** What the first words of one statement say. */
export function statementText(sql: string): StatementText {
  let text = seen.get(sql)
  if (text) return text
  text = firstWords(sql)
  if (sql.length > SEEN_LENGTH_MAX) return text
  if (seen.size === SEEN_MAX) seen.clear()
  seen.set(sql, text)
  return text
}

function firstWords(sql: string): StatementText {
  const [, first = '', second = '', third = ''] = FIRST_WORDS.exec(sql)?.map((word) => word?.toLowerCase()) ?? []
  const verb = first === 'with' ? verbBehindWith(sql) : first
  const writes =
    WRITES.has(verb) ||
    (first === 'begin' && (second === 'immediate' || second === 'exclusive')) ||
    (first === 'pragma' && WRITING_PRAGMA.test(sql))
  if (!CONTROL.has(first)) return writes ? plainWrite : READS.has(verb) ? plainRead : plain
  const partly = second === 'to' || (second === 'transaction' && third === 'to')
  return {
    control: true,
    opens: first === 'begin' || first === 'savepoint',
    closes: first === 'commit' || first === 'end' || (first === 'rollback' && !partly),
    writes,
    reads: false,
    vacuum: first === 'vacuum',
  }
}

/** The first word outside of parentheses that begins a statement; empty if there is none. */
function verbBehindWith(sql: string): string {
  let depth = 0
  for (const [token] of sql.matchAll(TOKEN)) {
    if (token === '(') depth++
    else if (token === ')') depth--
    else if (depth === 0) {
      const word = token.toLowerCase()
      if (WITH_VERBS.has(word)) return word
    }
  }
  return ''
}

/** The same for a script: of its later statements, those that control transactions count. */
export function scriptText(script: string): StatementText {
  const text = statementText(script)
  // Where the script makes triggers, `END` ends their bodies.
  const ignored = TRIGGER.test(script) ? 'end' : ''
  const later = [...script.matchAll(LATER_WORDS)].map(([, word = '']) => word.toLowerCase())
  const control = text.control || later.some((word) => CONTROL.has(word) && word !== ignored)
  const opens = text.opens || later.some((word) => word === 'begin' || word === 'savepoint')
  const closes = LAST_ENDS.test(script) && ignored === '' && !/--|\/\*/.test(script)
  return { control, opens, closes, writes: text.writes, reads: false, vacuum: text.vacuum || later.includes('vacuum') }
}
