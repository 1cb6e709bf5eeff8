// A file system of directories and exclusive sync access handles in memory, for what a real browser cannot be made to
// do on demand: run out of quota in each browser's own way, hold handles for a while, lose a directory.

import type { DirectoryEntry, FileEntry, SyncAccessHandle } from '../../src/device/opfs-types.ts'

/** What all handles of one fake file system share. */
export class FakeOpfs {
  readonly root = new FakeDirectory(this)
  /** Every open handle; one per file. */
  readonly open = new Set<FakeFile>()
  /** Total bytes that files may have. */
  quotaBytes = Number.POSITIVE_INFINITY
  /** How `write` says that there is no space. */
  quotaAnswer: 'throws' | 'short' | 'negative' = 'throws'
  /** Makes createSyncAccessHandle reject, by the file's name. */
  refuse: ((fileName: string) => Error | undefined) | undefined
  readonly calls: string[] = []
  usedBytes = 0
}

export class FakeDirectory implements DirectoryEntry {
  readonly kind = 'directory'
  readonly entries = new Map<string, FakeDirectory | FakeFile>()
  readonly #system: FakeOpfs

  constructor(system: FakeOpfs) {
    this.#system = system
  }

  async getFileHandle(name: string, options?: { create?: boolean }): Promise<FileEntry> {
    const found = this.entries.get(name)
    if (found instanceof FakeFile) return found
    if (found || !options?.create) throw new DOMException(name, found ? 'TypeMismatchError' : 'NotFoundError')
    const file = new FakeFile(this.#system, name)
    this.entries.set(name, file)
    return file
  }

  async getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<FakeDirectory> {
    const found = this.entries.get(name)
    if (found instanceof FakeDirectory) return found
    if (found || !options?.create) throw new DOMException(name, found ? 'TypeMismatchError' : 'NotFoundError')
    const directory = new FakeDirectory(this.#system)
    this.entries.set(name, directory)
    return directory
  }

  async removeEntry(name: string, options?: { recursive?: boolean }): Promise<void> {
    const found = this.entries.get(name)
    if (!found) throw new DOMException(name, 'NotFoundError')
    if (found instanceof FakeDirectory && found.entries.size > 0 && !options?.recursive) {
      throw new DOMException(name, 'InvalidModificationError')
    }
    const files = found instanceof FakeFile ? [found] : [...found.entries.values()]
    if (files.some((file) => file instanceof FakeFile && this.#system.open.has(file))) {
      throw new DOMException(name, 'NoModificationAllowedError')
    }
    this.entries.delete(name)
  }

  async *keys(): AsyncIterable<string> {
    yield* [...this.entries.keys()]
  }
}

export class FakeFile implements FileEntry {
  readonly kind = 'file'
  readonly name: string
  bytes = new Uint8Array(0)
  readonly #system: FakeOpfs

  constructor(system: FakeOpfs, name: string) {
    this.#system = system
    this.name = name
  }

  async getFile(): Promise<{ size: number; text(): Promise<string> }> {
    const bytes = this.bytes.slice()
    return { size: bytes.length, text: async () => new TextDecoder().decode(bytes) }
  }

  async createSyncAccessHandle(): Promise<SyncAccessHandle> {
    const refused = this.#system.refuse?.(this.name)
    if (refused) throw refused
    if (this.#system.open.has(this)) throw new DOMException(this.name, 'NoModificationAllowedError')
    this.#system.open.add(this)
    const system = this.#system
    const log = (call: string) => system.calls.push(`${this.name}: ${call}`)
    let closed = false
    const requireOpen = () => {
      if (closed) throw new DOMException('closed', 'InvalidStateError')
    }
    const resize = (size: number) => {
      const grown = new Uint8Array(size)
      grown.set(this.bytes.subarray(0, size))
      system.usedBytes += size - this.bytes.length
      this.bytes = grown
    }
    return {
      read: (into, { at }) => {
        requireOpen()
        const part = this.bytes.subarray(at, at + into.length)
        into.set(part)
        return part.length
      },
      write: (bytes, { at }) => {
        requireOpen()
        log(`write ${bytes.length} at ${at}`)
        const growth = Math.max(0, at + bytes.length - this.bytes.length)
        if (growth > 0 && system.usedBytes + growth > system.quotaBytes) {
          if (system.quotaAnswer === 'throws') throw new DOMException('quota', 'QuotaExceededError')
          if (system.quotaAnswer === 'negative') return 4294967288
          const fits = Math.max(0, bytes.length - (system.usedBytes + growth - system.quotaBytes))
          if (at + fits > this.bytes.length) resize(at + fits)
          this.bytes.set(bytes.subarray(0, fits), at)
          return fits
        }
        if (growth > 0) resize(at + bytes.length)
        this.bytes.set(bytes, at)
        return bytes.length
      },
      getSize: () => {
        requireOpen()
        return this.bytes.length
      },
      truncate: (size) => {
        requireOpen()
        log(`truncate ${size}`)
        resize(size)
      },
      flush: () => {
        requireOpen()
        log('flush')
      },
      close: () => {
        closed = true
        system.open.delete(this)
      },
    }
  }
}
