// A client as one that wants an engine: what its session asks for, whether it is alone in its page or one of many tabs.

import type {
  Answers,
  ClientId,
  EngineEvent,
  EngineInfo,
  Hello,
  RequestSeq,
  StartOptions,
  ToEngine,
} from '../protocol/messages.ts'
import { hex } from './hex.ts'
import type { ClientPlatform, WasmFiles } from './platform.ts'

/** `leader`: the engine runs in a worker of this page. `follower`: in one of another page. */
export type Role = 'leader' | 'follower'

/** How calls reach the engine: this page's own worker, a port that the broker passed on, a channel. */
export type TransportName = 'worker' | 'broker' | 'channel'

export interface Place {
  readonly role: Role
  readonly transport: TransportName
}

/** A client of this database, in this page or another one. */
export interface Tab {
  /** Made anew by each opening, and when a page comes back from the back/forward cache. */
  readonly id: ClientId
  readonly self: boolean
  readonly leads: boolean
}

export interface MemberOptions {
  /** How the client greets an engine now. */
  hello(): Omit<Hello, 'client' | 'start'>
  /** For an engine of this page. */
  readonly start: StartOptions
  readonly platform: ClientPlatform
  readonly client: ClientId
  readonly files: WasmFiles & { readonly workerUrl: string | URL | undefined }
  readonly timeoutMs: number
  /** An engine is there: calls may be sent. */
  onReady(info: EngineInfo, place: Place, post: (message: ToEngine, transfer: Transferable[]) => void): void
  onAnswers(answers: Answers): void
  onEvent(event: EngineEvent['event']): void
  /** A client of another page has given a request up, which may be running in this page's worker. */
  onCancel(client: ClientId, seq: RequestSeq): void
  /** The engine has ended; another one is looked for. */
  onDeath(cause: Error): void
  /** After `onDeath`: none can be had at present, so what waits for one should not. */
  onFailure(cause: Error): void
  /** The database was deleted: every call rejects with `cause`, and there will be no engine any more. */
  onGone(cause: Error): void
  /** The page may stop at any moment, and will have another client's number if it goes on. */
  onSuspend(next: ClientId): void
}

export interface Member {
  /** Resolves once an engine is there. Rejects with what opening failed with, TimeoutError or AbortError. */
  start(signal?: AbortSignal): Promise<void>
  /** Everybody who has the database open. */
  tabs(): Promise<readonly Tab[]>
  /** There is work and no engine. */
  want(): void
  /** Tells the page that leads, if it is another one, that a request was given up. */
  cancel(seq: RequestSeq): void
  /** Lets the engine go and resolves once that has answered or ended. */
  close(): Promise<void>
  /** Ends everything at once. */
  terminate(): void
}

export function newClientId(platform: ClientPlatform): ClientId {
  return hex(platform.random.bytes(16))
}
