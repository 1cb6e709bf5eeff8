// Looks at and damages the files that the package keeps in OPFS, as bytes, while no database is open. It stands apart
// from the package: only names and places of format.ts are known here.
import { geometry, SEGMENT_HEADER, SEGMENTS_AT, SUPERBLOCK, SUPERBLOCK_AT } from '../../../src/store/format.ts'

interface FoundFile {
  readonly path: string
  readonly handle: FileSystemFileHandle
}

async function files(directory: FileSystemDirectoryHandle, prefix = ''): Promise<FoundFile[]> {
  const found: FoundFile[] = []
  for await (const [name, handle] of directory.entries()) {
    const path = `${prefix}/${name}`
    if (handle instanceof FileSystemDirectoryHandle) found.push(...(await files(handle, path)))
    else if (handle instanceof FileSystemFileHandle) found.push({ path, handle })
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function allFiles(): Promise<FoundFile[]> {
  return files(await navigator.storage.getDirectory())
}

/** The `main` areas: the files that begin with a superblock. */
async function mainFiles(): Promise<FoundFile[]> {
  const found = await allFiles()
  const magic = await Promise.all(
    found.map(async ({ handle }) => {
      const head = await (await handle.getFile()).slice(0, SUPERBLOCK.bytes).arrayBuffer()
      return head.byteLength === SUPERBLOCK.bytes && new TextDecoder('latin1').decode(head.slice(0, 4)) === 'DSSB'
    }),
  )
  return found.filter((_, index) => magic[index])
}

async function onlyMainFile(): Promise<FoundFile> {
  const [file, ...others] = await mainFiles()
  if (!file || others.length > 0) throw new Error(`${others.length + (file ? 1 : 0)} stores in OPFS, one expected`)
  return file
}

async function overwrite(handle: FileSystemFileHandle, at: number, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const writable = await handle.createWritable({ keepExistingData: true })
  await writable.write({ type: 'write', position: at, data: bytes })
  await writable.close()
}

/** Path, size and digest of every file, and the names of all IndexedDB databases. */
export async function storedState() {
  const found = await allFiles()
  const listed = found.map(async ({ path, handle }) => {
    const bytes = await (await handle.getFile()).arrayBuffer()
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))
    return {
      path,
      size: bytes.byteLength,
      sha256: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    }
  })
  const databases = (await indexedDB.databases()).map(({ name }) => name ?? '').sort()
  return { files: await Promise.all(listed), databases }
}

/** Gives both superblocks of the only store another format version. */
export async function setFormatVersion(version: number): Promise<void> {
  const { handle } = await onlyMainFile()
  const bytes = new Uint8Array(SUPERBLOCK.fields.formatVersion.bytes)
  new DataView(bytes.buffer).setUint16(0, version, true)
  for (const at of SUPERBLOCK_AT) await overwrite(handle, at + SUPERBLOCK.at.formatVersion, bytes)
}

/** Flips one bit where `text` stands in a home block of the only store; returns that block's number. */
export async function damageBlockWith(text: string): Promise<number> {
  const { handle } = await onlyMainFile()
  const content = new Uint8Array(await (await handle.getFile()).arrayBuffer())
  const view = new DataView(content.buffer)
  const at = indexOf(content, new TextEncoder().encode(text), SEGMENTS_AT)
  if (at < 0) throw new Error(`"${text}" stands in no home block`)
  await overwrite(handle, at, new Uint8Array([content[at]! ^ 1]))
  const g = geometry(SUPERBLOCK.read(view).blockSize)
  const place = Math.floor((at - SEGMENTS_AT) / g.placeBytes)
  const placeAt = SEGMENTS_AT + place * g.placeBytes
  const segments = [0, 1]
    .map((slot) => view.getUint32(placeAt + slot * g.slotBytes + SEGMENT_HEADER.at.segment, true))
    .filter((_, slot) => view.getUint32(placeAt + slot * g.slotBytes, true) !== 0)
  const index = Math.floor((at - placeAt - 2 * g.slotBytes) / g.blockSize)
  return segments[0]! * g.blocksPerSegment + index
}

function indexOf(content: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = content.indexOf(wanted[0]!, from); at >= 0; at = content.indexOf(wanted[0]!, at + 1)) {
    if (wanted.every((byte, index) => content[at + index] === byte)) return at
  }
  return -1
}
