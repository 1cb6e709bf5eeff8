// The parts of the browser's file system that the OPFS device and the choice of the storage use, as interfaces: the real
// ones are handed in by the worker, and tests hand in their own. (The sync access handle is missing from TypeScript's DOM library.)

export interface SyncAccessHandle {
  read(into: Uint8Array, options: { at: number }): number
  write(bytes: Uint8Array, options: { at: number }): number
  getSize(): number
  truncate(size: number): void
  flush(): void
  close(): void
}

export interface FileEntry {
  readonly kind: 'file'
  createSyncAccessHandle(): Promise<SyncAccessHandle>
  getFile(): Promise<{ readonly size: number; text(): Promise<string> }>
}

export interface DirectoryEntry {
  readonly kind: 'directory'
  getFileHandle(name: string, options?: { create?: boolean }): Promise<FileEntry>
  getDirectoryHandle(name: string, options?: { create?: boolean }): Promise<DirectoryEntry>
  removeEntry(name: string, options?: { recursive?: boolean }): Promise<void>
  keys(): AsyncIterable<string>
}

declare global {
  interface FileSystemFileHandle {
    createSyncAccessHandle(): Promise<SyncAccessHandle>
  }
}
