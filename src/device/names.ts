// How a database's name becomes names in each storage and of its lock. It stands apart because these outlive the code.

import { UsageError } from '../errors/errors.ts'

/** Holds a directory per database in OPFS, and is the IndexedDB database that holds the records. */
export const ROOT = 'datasync'
const ENCODED_MAX = 200

/**
 * The name as a file name that any file system takes, also one that ignores case: `~` and two digits stand for each
 * byte but a-z, 0-9, `_`, `-` and a dot inside. Throws UsageError `name` for an empty or too long name.
 */
export function encodeName(name: string): string {
  const bytes = new TextEncoder().encode(name)
  let encoded = ''
  bytes.forEach((byte, index) => {
    const character = String.fromCharCode(byte)
    const plain = /[a-z0-9_-]/.test(character) || (character === '.' && index > 0 && index < bytes.length - 1)
    encoded += plain ? character : `~${byte.toString(16).padStart(2, '0')}`
  })
  if (encoded === '') throw new UsageError('name', 'a database needs a name that is not empty')
  if (encoded.length > ENCODED_MAX) {
    throw new UsageError(
      'name',
      `the name "${name.slice(0, 40)}..." is too long; about 60 to 200 characters are possible`,
    )
  }
  return encoded
}

/** Undefined if no name is encoded so. */
export function decodeName(encoded: string): string | undefined {
  if (!/^([a-z0-9_.-]|~[0-9a-f]{2})+$/.test(encoded)) return undefined
  const bytes: number[] = []
  for (let index = 0; index < encoded.length; index++) {
    if (encoded[index] !== '~') bytes.push(encoded.charCodeAt(index))
    else bytes.push(Number.parseInt(encoded.slice(index + 1, (index += 2) + 1), 16))
  }
  const name = new TextDecoder().decode(Uint8Array.from(bytes))
  return name !== '' && encodeName(name) === encoded ? name : undefined
}

export function indexedDbNameOf(name: string): string {
  return `${ROOT}:${name}`
}

/** The Web Lock that the owner of the storage holds. */
export function storeLockNameOf(name: string): string {
  return `${ROOT}:${name}:store`
}
