// Random SQL from a seed: a base of tables with keys, checks, triggers and full text, and others that come, change and
// go. Statements may fail (constraints, missing tables); none depends on time or chance of its own, so that the oracle
// can repeat it.
import type { BindValue } from '../../src/protocol/value-writer.ts'
import type { Chance } from '../support/seeded.ts'

export interface Sql {
  readonly sql: string
  readonly parameters: readonly BindValue[]
}

function plain(sql: string): Sql {
  return { sql: sql.trim(), parameters: [] }
}

/** The first request of a life. */
export const BASE: readonly Sql[] = `
CREATE TABLE p(id INTEGER PRIMARY KEY, n INT UNIQUE, t TEXT);
CREATE TABLE c(id INTEGER PRIMARY KEY AUTOINCREMENT, p INT REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED,
  v CHECK(v IS NULL OR typeof(v) <> 'text' OR length(v) < 900));
CREATE TABLE kv(k TEXT PRIMARY KEY, v) WITHOUT ROWID;
CREATE TABLE log(x, y);
CREATE TABLE big(id INTEGER PRIMARY KEY, b);
CREATE INDEX c_p ON c(p);
CREATE VIRTUAL TABLE f USING fts5(body);
CREATE TRIGGER p_new AFTER INSERT ON p BEGIN INSERT INTO log VALUES('p', new.id); END;
CREATE TRIGGER c_gone AFTER DELETE ON c BEGIN INSERT INTO log SELECT 'c', count(*) FROM c; END;
CREATE VIEW w AS SELECT p.n, c.v FROM p JOIN c ON c.p = p.id;
INSERT INTO p VALUES(1,1,'one'),(2,2,'two');
INSERT INTO f VALUES('red green')`
  .split(';\n')
  .map(plain)

const OR = ['', '', '', ' OR IGNORE', ' OR REPLACE', ' OR ROLLBACK', ' OR FAIL', ' OR ABORT']
const WORDS = ['red', 'green', 'blue', 'grey', 'pink']

export class Statements {
  readonly #chance: Chance
  /** What the newest commit has, by table. */
  columns: ReadonlyMap<string, readonly string[]> = new Map()
  /** Whether the database may still grow. */
  mayGrow = true
  /** Space is short: large statements and small ones that need none. */
  tight = false
  #names = 0

  constructor(chance: Chance) {
    this.#chance = chance
  }

  /** A write of any kind that may run inside a transaction. */
  write(): Sql {
    if (this.tight && this.#chance.chance(0.5))
      return this.#chance.chance(0.4) ? this.#rewrite() : this.#fill(this.#chance.pick([60, 60, 200]))
    const x = this.#chance.next()
    if (x < 0.3) return this.#insert()
    if (x < 0.5) return this.#change()
    if (x < 0.6) return this.#fullText()
    if (x < 0.7) return this.#inExtra()
    if (x < 0.85) return this.#schema()
    return this.#large()
  }

  /** A write that never fails. */
  sure(): Sql {
    return plain(`INSERT INTO log VALUES('sure', ${this.#chance.int(1000)})`)
  }

  /** A table to read as a whole. */
  table(): string {
    const names = ['p', 'c', 'kv', 'log', 'big', ...[...this.columns.keys()].filter((name) => name.startsWith('x'))]
    return this.#chance.pick(names)
  }

  #insert(): Sql {
    const { int, pick, chance } = this.#chance
    const returning = chance(0.3) ? ' RETURNING *' : ''
    switch (int(5)) {
      case 0:
        return plain(`INSERT${pick(OR)} INTO p(n,t) VALUES(${int(60)},'${this.#text()}'),(${int(60)},NULL)${returning}`)
      case 1:
        return {
          sql: `INSERT${pick(OR)} INTO c(p,v) VALUES(?,?)${returning}`,
          parameters: [int(chance(0.8) ? 6 : 40), this.#value()],
        }
      case 2:
        return {
          sql: `INSERT INTO kv VALUES(?,?) ON CONFLICT(k) DO UPDATE SET v = coalesce(v,'') || excluded.v${returning}`,
          parameters: [`k${int(30)}`, this.#text()],
        }
      case 3:
        return {
          sql: `INSERT${pick(OR)} INTO kv VALUES(?1,?2),(?3,?2)`,
          parameters: [`k${int(30)}`, this.#value(), `k${int(30)}`],
        }
      default:
        return plain(`INSERT INTO p(n) VALUES(${int(60)}) ON CONFLICT DO NOTHING${returning}`)
    }
  }

  #change(): Sql {
    const { int, pick, chance } = this.#chance
    const returning = chance(0.2) ? ' RETURNING *' : ''
    switch (int(7)) {
      case 0:
        return plain(`UPDATE${pick(OR)} p SET n = n + ${int(3)} WHERE id % ${2 + int(3)} = 0${returning}`)
      case 1:
        return { sql: 'UPDATE c SET v = ?, p = ? WHERE id = ?', parameters: [this.#value(), int(8), int(40)] }
      case 2:
        return plain(`DELETE FROM p WHERE id = ${int(30)}${returning}`)
      case 3:
        return plain(`DELETE FROM c WHERE id % ${3 + int(5)} = 0${returning}`)
      case 4:
        return plain(`UPDATE kv SET v = NULL WHERE k < 'k${int(30)}'${returning}`)
      case 5:
        return plain(
          chance(0.5) ? `DELETE FROM log WHERE rowid % ${2 + int(3)} = 0` : `PRAGMA incremental_vacuum(${int(9)})`,
        )
      default:
        return plain(`PRAGMA user_version=${int(1000)}`)
    }
  }

  #fullText(): Sql {
    const { int, pick } = this.#chance
    const body = `${pick(WORDS)} ${pick(WORDS)} ${this.#text()}`
    switch (int(5)) {
      case 0:
        return plain(`DELETE FROM f WHERE rowid = ${int(20)}`)
      case 1:
        return { sql: 'UPDATE f SET body = ? WHERE rowid = ?', parameters: [body, int(20)] }
      case 2:
        return plain("INSERT INTO f(f) VALUES('optimize')")
      default:
        return { sql: 'INSERT INTO f(rowid, body) VALUES(?, ?)', parameters: [int(200), body] }
    }
  }

  /** Tables that other statements made. */
  #inExtra(): Sql {
    const { int, pick, chance } = this.#chance
    const extra = [...this.columns].filter(([name]) => name.startsWith('x'))
    if (extra.length === 0) return this.#create()
    const [table, columns] = pick(extra)
    if (chance(0.2)) return plain(`DELETE FROM ${table} WHERE ${pick(columns)} > ${int(20)}`)
    if (chance(0.3)) return plain(`UPDATE${pick(OR)} ${table} SET ${pick(columns)} = ${int(50)}`)
    return {
      sql: `INSERT${pick(OR)} INTO ${table}(${columns.join()}) VALUES(${columns.map(() => '?').join()})`,
      parameters: columns.map(() => (chance(0.6) ? int(40) : this.#value())),
    }
  }

  #schema(): Sql {
    const { int, pick, chance } = this.#chance
    const extra = [...this.columns].filter(([name]) => name.startsWith('x'))
    if (extra.length < 2 || (extra.length < 5 && chance(0.3))) return this.#create()
    const [table, columns] = pick(extra)
    switch (int(9)) {
      case 0:
        return plain(`DROP TABLE ${table}`)
      case 1:
        return plain(`ALTER TABLE ${table} ADD COLUMN d${++this.#names} DEFAULT ${int(9)}`)
      case 2:
        return plain(`ALTER TABLE ${table} RENAME TO x${++this.#names}`)
      case 3:
        return plain(`ALTER TABLE ${table} RENAME COLUMN ${pick(columns)} TO d${++this.#names}`)
      case 4:
        return plain(`CREATE ${pick(['', 'UNIQUE '])}INDEX i_${table}${int(2)} ON ${table}(${pick(columns)})`)
      case 5:
        return plain(`DROP INDEX IF EXISTS i_${table}${int(2)}`)
      case 6:
        return plain(
          `CREATE TRIGGER g_${table} AFTER UPDATE ON ${table} BEGIN INSERT INTO log VALUES('${table}', old.${pick(columns)}); END`,
        )
      case 7:
        return plain(`DROP TRIGGER IF EXISTS g_${table}`)
      default:
        return plain(
          chance(0.5) ? `CREATE VIEW v_${table} AS SELECT * FROM ${table}` : `DROP VIEW IF EXISTS v_${table}`,
        )
    }
  }

  #create(): Sql {
    const name = `x${++this.#names}`
    const forms = ['a INTEGER PRIMARY KEY, b, c UNIQUE', 'a, b NOT NULL', 'a INT, b TEXT CHECK(b IS NOT 7), c']
    if (this.#chance.chance(0.2)) return plain(`CREATE TABLE ${name} AS SELECT id AS a, p AS b FROM c`)
    if (this.#chance.chance(0.2)) return plain(`CREATE TABLE ${name}(a PRIMARY KEY, b) WITHOUT ROWID`)
    return plain(`CREATE TABLE ${name}(${this.#chance.pick(forms)})`)
  }

  /** Every row of the largest table: it journals and spills as much as there is. */
  #rewrite(): Sql {
    return plain(`UPDATE big SET b = zeroblob(length(b) + ${this.#chance.int(40)})`)
  }

  /** Transactions that spill SQLite's cache, some of them into fresh segments. */
  #large(): Sql {
    const { int, chance } = this.#chance
    if (!this.mayGrow) return plain(chance(0.5) ? 'DELETE FROM big' : `DELETE FROM big WHERE id % ${2 + int(3)}`)
    if (chance(0.3)) return plain(`UPDATE big SET b = zeroblob(${int(3000)}) WHERE id % ${1 + int(4)} = 0`)
    return this.#fill(chance(0.5) ? 5 + int(20) : 40 + int(60))
  }

  #fill(rows: number): Sql {
    const { int, chance } = this.#chance
    return plain(
      `WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM s WHERE i < ${rows})
       INSERT${chance(0.1) ? ' OR ROLLBACK' : ''} INTO big SELECT coalesce((SELECT max(id) FROM big), 0) + i, zeroblob(${500 + int(4500)}) FROM s`,
    )
  }

  #text(): string {
    return 'abcdefghij'.repeat(this.#chance.int(this.#chance.chance(0.1) ? 100 : 4)) + this.#chance.int(100)
  }

  #value(): BindValue {
    const { int } = this.#chance
    switch (int(6)) {
      case 0:
        return null
      case 1:
        return int(1000) / 8
      case 2:
        return new Uint8Array(int(300)).fill(int(256))
      case 3:
        return BigInt(int(1000)) << 44n
      case 4:
        return this.#text()
      default:
        return int(100)
    }
  }
}
