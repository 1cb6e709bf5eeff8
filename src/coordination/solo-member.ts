// A client with an engine of its own: where tabs cannot find each other, and for databases in memory. After the engine's
// death the next one is started when there is work for it.

import { AbortError } from '../errors/errors.ts'
import { EngineLink } from './engine-link.ts'
import type { Member, MemberOptions, Tab } from './member.ts'
import { aliveLockName } from './platform.ts'

export class SoloMember implements Member {
  readonly #options: MemberOptions
  #link: EngineLink | undefined
  #starting: Promise<void> | undefined

  constructor(options: MemberOptions) {
    this.#options = options
  }

  start(signal?: AbortSignal): Promise<void> {
    this.#starting ??= this.#start(signal).catch((error: unknown) => {
      this.#starting = undefined
      throw error
    })
    return this.#starting
  }

  async tabs(): Promise<readonly Tab[]> {
    return [{ id: this.#options.client, self: true, leads: true }]
  }

  cancel(): void {}

  want(): void {
    this.start().catch((error: unknown) => {
      this.#options.onFailure(error instanceof Error ? error : new Error(String(error)))
    })
  }

  async close(): Promise<void> {
    await this.#link?.close()
  }

  terminate(): void {
    this.#link?.terminate()
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    const { platform, client, files, timeoutMs, hello, start, onAnswers, onEvent, onReady, onDeath } = this.#options
    if (signal?.aborted) throw new AbortError('Opening was aborted by its signal.', { cause: signal.reason })
    const link = new EngineLink({
      transport: platform.startWorker(files.workerUrl),
      hello: { ...hello(), client, start },
      wasm: platform.getWasm(files),
      locks: platform.locks,
      life: { lock: aliveLockName(client), held: false },
      clock: platform.clock,
      timeoutMs,
      onAnswers,
      onEvent,
      onDeath: (cause) => {
        this.#starting = undefined
        onDeath(cause)
      },
    })
    this.#link = link
    const info = await link.start(signal)
    onReady(info, { role: 'leader', transport: 'worker' }, (message, transfer) => link.post(message, transfer))
  }
}
