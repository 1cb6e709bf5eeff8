// What a peer's worker offers, as types, and the messages between it and its page: one message per call, one per answer, by
// structured clone, as an application would write it that has nothing but the peer's own documentation.
import type { OpenWish, Row, Value } from '../adapters/adapter.ts'
import type { Task } from '../workloads/tasks.ts'

export interface Peer {
  open(wish: OpenWish): Promise<PeerConnection>
}

/** Calls do not overlap. What a peer answers at once need not be a promise. */
export interface PeerConnection {
  exec(script: string): void | Promise<void>
  run(sql: string, parameters: readonly Value[]): void | Promise<void>
  /** In one transaction. */
  runMany(sql: string, rows: Iterable<readonly Value[]>): void | Promise<void>
  query(sql: string, parameters: readonly Value[]): readonly Row[] | Promise<readonly Row[]>
  /** Where many reads can be given at once for less. */
  queryAll?(sql: string, parameters: readonly (readonly Value[])[]): Promise<readonly (readonly Row[])[]>
  heapBytes?(): number
  close(): void | Promise<void>
}

export type Call =
  | { readonly method: 'open'; readonly wish: OpenWish }
  | { readonly method: 'exec'; readonly script: string }
  | { readonly method: 'run'; readonly sql: string; readonly parameters: readonly Value[] }
  | { readonly method: 'runMany'; readonly sql: string; readonly rows: readonly (readonly Value[])[] }
  | { readonly method: 'query'; readonly sql: string; readonly parameters: readonly Value[] }
  | { readonly method: 'queryAll'; readonly sql: string; readonly parameters: readonly (readonly Value[])[] }
  | { readonly method: 'task'; readonly task: Task; readonly count: number }
  | { readonly method: 'heapBytes' }
  | { readonly method: 'close' }

export type Asked = Call & { readonly id: number }
export type Answered = { readonly id: number; readonly value?: unknown; readonly error?: string }
