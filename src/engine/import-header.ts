// What the first bytes of a file say before any of it is stored: whether it is a SQLite file that can be imported, its page
// size and its length, or else why not. It stands apart because it is the one place that looks at a file as a stranger.
import { ImportError } from '../errors/errors.ts'
import { isBlockSize } from '../store/format.ts'

/** So many bytes, or the whole file if it is shorter, are looked at. */
export const HEAD_BYTES = 4096
const HEADER_BYTES = 100
const MAGIC = 'SQLite format 3\0'
/** Bits per byte beyond which bytes are taken for encrypted; text and tables have far less. */
const ENTROPY_LEAST = 7.5
/** Pages of encrypted databases are at least this long. */
const ENCRYPTED_PAGE_BYTES = 512

/** Beginnings of files that people take for a database. */
const KNOWN: readonly (readonly [prefix: readonly number[], what: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'a ZIP archive: unpack it and import the database in it'],
  [[0x1f, 0x8b], 'compressed with gzip: decompress it first'],
  [[0x42, 0x5a, 0x68], 'compressed with bzip2: decompress it first'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'compressed with xz: decompress it first'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd: decompress it first'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'a 7z archive: unpack it and import the database in it'],
  [[0x89, 0x50, 0x4e, 0x47], 'a PNG image'],
  [[0xff, 0xd8, 0xff], 'a JPEG image'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF document'],
  [[0x37, 0x7f, 0x06], 'the -wal file of a database: import the database file itself'],
  [
    [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7],
    'the -journal file of a database: import the database file itself',
  ],
]

export interface ImportHeader {
  readonly pageSize: number
  /** Pages of the database, where the header says it. */
  readonly pages: number | undefined
  readonly wal: boolean
}

/** Looks at the beginning of a file. Throws ImportError. */
export function readHeader(head: Uint8Array): ImportHeader {
  if (head.length === 0)
    throw new ImportError(
      'import-empty',
      'The file is empty: it has 0 bytes. Check how it was saved or downloaded; to empty this database, drop its tables or delete it.',
    )
  const magic = String.fromCharCode(...head.subarray(0, MAGIC.length))
  if (magic !== MAGIC) throw MAGIC.startsWith(magic) ? tooShort(head.length) : foreign(head)
  if (head.length < HEADER_BYTES) throw tooShort(head.length)
  const view = new DataView(head.buffer, head.byteOffset, head.length)
  const rawPageSize = view.getUint16(16)
  const pageSize = rawPageSize === 1 ? 65536 : rawPageSize
  if (!isBlockSize(pageSize)) throw damagedHeader(`it names a page size of ${pageSize}`)
  if (head[21] !== 64 || head[22] !== 32 || head[23] !== 32) throw damagedHeader('its payload fractions are wrong')
  const version = head[18] ?? 0
  if (version > 2 || (head[19] ?? 0) > 2)
    throw damagedHeader(`it names file format version ${version}, of which this SQLite knows nothing`)
  const encoding = view.getUint32(56)
  if (encoding === 2 || encoding === 3)
    throw new ImportError(
      'import-utf16',
      `The database keeps its text as UTF-16, which the SQLite of this package is built without. Convert it to UTF-8 first: sqlite3 old.db .dump | sqlite3 new.db`,
    )
  if (encoding > 3) throw damagedHeader(`it names text encoding ${encoding}`)
  // The page count holds only if the same writer wrote the change counter; writers before 2010 did not keep it.
  const counted = view.getUint32(24) === view.getUint32(92) && view.getUint32(28) > 0
  const wal = version === 2
  if (wal && head[HEADER_BYTES] === 13 && view.getUint16(HEADER_BYTES + 3) === 0) throw needsWal('it holds no table')
  return { pageSize, pages: counted ? view.getUint32(28) : undefined, wal }
}

/** Pages to be taken of a file of `bytes` bytes. Throws ImportError `import-truncated`, `import-needs-wal`. */
export function checkLength({ pageSize, pages, wal }: ImportHeader, bytes: number): void {
  const whole = pages === undefined ? bytes % pageSize === 0 : bytes >= pages * pageSize
  if (whole) return
  if (wal) throw needsWal(`it has ${bytes} bytes and should have ${(pages ?? 0) * pageSize}`)
  const expected = pages === undefined ? `pages of ${pageSize}` : `${pages * pageSize}`
  throw new ImportError(
    'import-truncated',
    `The file ends too early: it has ${bytes} bytes, its header says ${expected}. Copy or download it again.`,
  )
}

function tooShort(bytes: number): ImportError {
  return new ImportError(
    'import-truncated',
    `The file has only ${bytes} bytes, less than the header of a database. Copy or download it again.`,
  )
}

function needsWal(why: string): ImportError {
  return new ImportError(
    'import-needs-wal',
    `The database is in WAL mode and ${why}: its content is still in the -wal file beside it. Run PRAGMA wal_checkpoint(TRUNCATE) where it comes from, or export it with VACUUM INTO, and import that file.`,
  )
}

function damagedHeader(why: string): ImportError {
  return new ImportError(
    'import-damaged',
    `The file begins like a SQLite database, but its header is damaged: ${why}. Recover it where it comes from (sqlite3 old.db .recover | sqlite3 new.db) and import the result.`,
  )
}

function foreign(head: Uint8Array): ImportError {
  const known = KNOWN.find(([prefix]) => prefix.every((byte, i) => head[i] === byte))
  if (!known && head.length >= ENCRYPTED_PAGE_BYTES && entropy(head) > entropyLeast(head.length))
    return new ImportError(
      'import-encrypted',
      'The file is encrypted: its bytes look random from the first one on. Decrypt it first, for SQLCipher with sqlcipher_export(), and import the result.',
    )
  const what = known ? `It is ${known[1]}.` : 'Choose a file that SQLite has written, such as one named .sqlite or .db.'
  return new ImportError('import-not-sqlite', `The file is no SQLite database. ${what}`)
}

/** Few bytes cannot show the whole entropy of their source. */
const entropyLeast = (bytes: number): number => Math.min(ENTROPY_LEAST, Math.log2(bytes) * 0.78)

/** Bits per byte. */
function entropy(bytes: Uint8Array): number {
  const counts = new Float64Array(256)
  for (const byte of bytes) counts[byte] = (counts[byte] ?? 0) + 1
  let bits = 0
  for (const count of counts) if (count > 0) bits -= (count / bytes.length) * Math.log2(count / bytes.length)
  return bits
}
