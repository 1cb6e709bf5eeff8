// The numbers of SQLite's C interface that the VFS and the engine use, by SQLite's names. They are part of SQLite's
// stable interface; `engine-sqlite-module.test.ts` compares them with those of the loaded module.

export const SQLITE_OK = 0
export const SQLITE_BUSY = 5
export const SQLITE_NOMEM = 7
export const SQLITE_READONLY = 8
export const SQLITE_INTERRUPT = 9
export const SQLITE_IOERR = 10
export const SQLITE_CORRUPT = 11
export const SQLITE_NOTFOUND = 12
export const SQLITE_FULL = 13
export const SQLITE_CANTOPEN = 14
export const SQLITE_TOOBIG = 18
export const SQLITE_AUTH = 23
export const SQLITE_ROW = 100
export const SQLITE_DONE = 101
export const SQLITE_IOERR_READ = 266
export const SQLITE_IOERR_SHORT_READ = 522
export const SQLITE_IOERR_WRITE = 778
export const SQLITE_IOERR_DATA = 8202

export const SQLITE_LOCK_NONE = 0
export const SQLITE_LOCK_SHARED = 1
export const SQLITE_LOCK_RESERVED = 2

export const SQLITE_FCNTL_SYNC = 21
export const SQLITE_FCNTL_COMMIT_PHASETWO = 22

export const SQLITE_OPEN_READWRITE = 0x2
export const SQLITE_OPEN_CREATE = 0x4
export const SQLITE_OPEN_DELETEONCLOSE = 0x8
export const SQLITE_OPEN_URI = 0x40
export const SQLITE_OPEN_MAIN_DB = 0x100
export const SQLITE_OPEN_MAIN_JOURNAL = 0x800

export const SQLITE_IOCAP_UNDELETABLE_WHEN_OPEN = 0x800
export const SQLITE_IOCAP_POWERSAFE_OVERWRITE = 0x1000

export const SQLITE_INTEGER = 1
export const SQLITE_FLOAT = 2
export const SQLITE_TEXT = 3
export const SQLITE_BLOB = 4
