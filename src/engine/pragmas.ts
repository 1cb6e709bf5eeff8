// What happens to each PRAGMA (DESIGN section 6). It stands apart as the one list to extend; a PRAGMA that is not in it is
// refused, so that a new SQLite cannot bring one that changes how data is kept.
import { SESSION_PRAGMAS } from '../protocol/session-pragmas.ts'

/**
 * `ours`: decided by the engine; a write answers the value in force. `session`: belongs to the client, not to the
 * connection. `free`: runs as it is. `read`: runs without a value only. `refused`: does not run.
 */
export type PragmaRule = 'ours' | 'session' | 'free' | 'read' | 'refused'

const OURS =
  'journal_mode locking_mode page_size synchronous cache_spill mmap_size temp_store wal_autocheckpoint wal_checkpoint ' +
  'journal_size_limit trusted_schema fullfsync checkpoint_fullfsync max_page_count read_uncommitted threads encoding'
const FREE =
  'user_version application_id optimize integrity_check quick_check foreign_key_check foreign_key_list table_info ' +
  'table_xinfo table_list index_info index_xinfo index_list collation_list function_list module_list pragma_list ' +
  'database_list compile_options freelist_count page_count data_version incremental_vacuum defer_foreign_keys shrink_memory'
const READ =
  'schema_version auto_vacuum secure_delete cell_size_check legacy_alter_table automatic_index analysis_limit'

const RULES = new Map<string, PragmaRule>()
for (const [rule, names] of [
  ['ours', OURS],
  ['session', SESSION_PRAGMAS.join(' ')],
  ['free', FREE],
  ['read', READ],
] as const)
  for (const name of names.split(' ')) RULES.set(name, rule)

/** The rule for a PRAGMA, by its name in lower case. */
export function pragmaRule(name: string): PragmaRule {
  return RULES.get(name) ?? 'refused'
}

/** Settings that belong to a client, with the values that a connection starts with. */
export const SESSION_DEFAULTS: Readonly<Record<string, string>> = {
  foreign_keys: '1',
  recursive_triggers: '0',
  case_sensitive_like: '0',
  reverse_unordered_selects: '0',
}

const ON = /^(1|on|yes|true)$/i

/** A session setting's value in the one form in which settings are compared and put into a PRAGMA: a number. */
export function normalSetting(name: string, value: string): string {
  if (name in SESSION_DEFAULTS) return ON.test(value) ? '1' : '0'
  return String(Math.trunc(Number(value)) || 0)
}
