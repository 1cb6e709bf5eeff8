// A client's way to an engine, from the first moment of opening: one is looked for and started before there is a session
// that works with it. It stands apart from the session so that a page starts its worker with little code, and loads the rest
// while that starts.
//
// Invariant: the session is told everything that happened before it was there, in order, and before anything later.

import { type Member, type MemberOptions, newClientId } from '../coordination/member.ts'
import type { ClientPlatform } from '../coordination/platform.ts'
import { SoloMember } from '../coordination/solo-member.ts'
import { TabMember } from '../coordination/tab-member.ts'
import { CANCEL_FLAGS_BYTES, CancelFlags } from '../protocol/cancel-flags.ts'
import { type ClientId, type Hello, PROTOCOL_VERSION } from '../protocol/messages.ts'
import type { ResolvedOptions } from './options.ts'

/** Who works with the engine. */
export interface EngineUser
  extends Pick<MemberOptions, 'onReady' | 'onAnswers' | 'onEvent' | 'onDeath' | 'onFailure' | 'onGone' | 'onSuspend'> {
  /** What the next engine has to know of this client beyond the options of `open`. */
  settings(): Partial<Hello['settings']>
}

export class EngineAccess {
  readonly client: ClientId
  /** Memory shared with this page's worker, where there is any. */
  readonly flags: CancelFlags | undefined
  readonly member: Member
  /** What happens is logged. */
  readonly debug: boolean
  readonly #signal: AbortSignal | undefined
  #started: Promise<void> | undefined
  #user: EngineUser | undefined
  #untold: ((user: EngineUser) => void)[] = []

  constructor(name: string, options: ResolvedOptions, platform: ClientPlatform) {
    this.#signal = options.signal
    this.client = newClientId(platform)
    const cancelFlags = platform.shareMemory?.(CANCEL_FLAGS_BYTES)
    const flags = cancelFlags && new CancelFlags(cancelFlags)
    this.flags = flags
    const { storage, blockSize, checksum, cacheBytes, rowBytesMax, durability, foreignKeys, sync, pragmas } = options
    const debug = options.debug || platform.debugWanted?.() === true
    this.debug = debug
    const member: MemberOptions = {
      platform,
      client: this.client,
      hello: () => ({
        type: 'hello',
        protocol: PROTOCOL_VERSION,
        settings: { durability, foreignKeys, sync, pragmas, ...this.#user?.settings() },
      }),
      start: {
        name,
        storage,
        blockSize,
        checksum,
        cacheBytes,
        rowBytesMax,
        debug,
        ...(cancelFlags && { cancelFlags }),
      },
      files: options,
      timeoutMs: options.timeoutMs,
      onReady: (...facts) => this.#tell((user) => user.onReady(...facts)),
      onAnswers: (answers) => this.#tell((user) => user.onAnswers(answers)),
      onEvent: (event) => this.#tell((user) => user.onEvent(event)),
      onCancel: (from, seq) => flags?.raise(from, seq),
      onDeath: (cause) => this.#tell((user) => user.onDeath(cause)),
      onFailure: (cause) => this.#tell((user) => user.onFailure(cause)),
      onGone: (cause) => this.#tell((user) => user.onGone(cause)),
      onSuspend: (next) => this.#tell((user) => user.onSuspend(next)),
    }
    // What is in memory belongs to the page that opened it.
    const { tabs } = platform
    this.member = tabs && storage !== 'memory' ? new TabMember(member, tabs) : new SoloMember(member)
  }

  /** Begins, and resolves once an engine is there; to be called as often as one likes. Rejects with what opening failed with. */
  start(): Promise<void> {
    this.#started ??= this.member.start(this.#signal)
    return this.#started
  }

  /** From here on `user` is told; to be called once. */
  attach(user: EngineUser): void {
    this.#user = user
    for (const tell of this.#untold.splice(0)) tell(user)
  }

  #tell(tell: (user: EngineUser) => void): void {
    if (this.#user) tell(this.#user)
    else this.#untold.push(tell)
  }
}
