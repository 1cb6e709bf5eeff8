// The PRAGMAs that set something in a script, as its text shows them. It stands apart because foreign_keys does nothing
// inside a transaction: what an atomic script sets before its first write holds for all of it, what it sets behind its last
// one holds from then on, and one that sets it in between cannot be atomic.
import { normalSetting, pragmaRule } from './pragmas.ts'
import type { ScriptStatement } from './script-splitter.ts'

const GAP = String.raw`(?:\s|--[^\n]*(?:\n|$)|/\*[^*]*\*+(?:[^/*][^*]*\*+)*/)*`
const NAME = String.raw`(?:[\w$\u0080-\uffff]+|"[^"]*"|'[^']*'|\x60[^\x60]*\x60|\[[^\]]*\])`
const VALUE = `(?:[+-]?${NAME})`
const SETTING = new RegExp(
  `^PRAGMA${GAP}(?:${NAME}${GAP}\\.${GAP})?(${NAME})${GAP}(?:=${GAP}(${VALUE})|\\(${GAP}(${VALUE})${GAP}\\))`,
  'i',
)
/** Whether foreign_keys is in force makes no difference to these. */
const INDIFFERENT = new Set(['PRAGMA', 'SELECT', 'VALUES', 'EXPLAIN'])

export interface PragmaSetting {
  /** In lower case. */
  readonly name: string
  readonly value: string
}

/** Values of foreign_keys as `normalSetting` writes them. */
export interface ForeignKeys {
  /** To be in force while the script runs. */
  readonly before?: string
  /** To be in force once it has been committed. */
  readonly after?: string
}

/** The name and value of a PRAGMA that sets something; undefined for any other statement. */
export function pragmaSetting({ keyword, text }: ScriptStatement): PragmaSetting | undefined {
  if (keyword !== 'PRAGMA') return undefined
  const [, name, set, called] = SETTING.exec(text) ?? []
  const value = set ?? called
  return name === undefined || value === undefined
    ? undefined
    : { name: unquoted(name).toLowerCase(), value: unquoted(value) }
}

/** Undefined if a value is set between two statements that may write. */
export function foreignKeysAround(statements: readonly ScriptStatement[]): ForeignKeys | undefined {
  const acts = ({ keyword }: ScriptStatement) => !INDIFFERENT.has(keyword)
  const first = statements.findIndex(acts)
  const last = statements.findLastIndex(acts)
  let before: string | undefined
  let after: string | undefined
  for (const [i, statement] of statements.entries()) {
    const setting = pragmaSetting(statement)
    if (setting?.name !== 'foreign_keys') continue
    const value = normalSetting('foreign_keys', setting.value)
    if (first < 0 || i < first) before = value
    else if (i > last) after = value
    else if (value !== before) return undefined
  }
  return { ...(before !== undefined && { before }), ...(after !== undefined && { after }) }
}

/** What a client's settings are after all of the statements. */
export function settingsAfter(statements: readonly ScriptStatement[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>()
  for (const statement of statements) {
    const setting = pragmaSetting(statement)
    if (setting && pragmaRule(setting.name) === 'session')
      settings.set(setting.name, normalSetting(setting.name, setting.value))
  }
  return settings
}

function unquoted(text: string): string {
  return /^["'`[]/.test(text) ? text.slice(1, -1) : text
}
