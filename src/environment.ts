// What the store, the engine and the client take from outside instead of reaching for it: time and chance. It stands
// apart so that a whole run can be driven by one thread and one seed. The real implementations are at the end.

/** Time as the library sees it. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970; may jump. Only ever stored, never compared. */
  epochMs(): number
  /** Milliseconds that never go back; for durations and deadlines. */
  monotonicMs(): number
  /** Calls back once after `ms`; the returned function cancels it. */
  after(ms: number, callback: () => void): () => void
  /** Gives other work of this thread a turn and comes back as soon as possible. */
  yield(): Promise<void>
}

/** Chance as the library sees it. */
export interface Random {
  bytes(count: number): Uint8Array<ArrayBuffer>
}

export interface Environment {
  readonly clock: Clock
  readonly random: Random
}

/** Time and chance of the page, worker or process that runs this code. Does nothing until called. */
export function realEnvironment(): Environment {
  const waiting: (() => void)[] = []
  let channel: MessageChannel | undefined
  return {
    clock: {
      epochMs: () => Date.now(),
      monotonicMs: () => performance.now(),
      after(ms, callback) {
        const timer = setTimeout(callback, ms)
        return () => clearTimeout(timer)
      },
      // A message is a macrotask without the 4 ms floor that browsers put under nested timers. The port is closed when
      // nobody waits, since an open one would keep a Node process alive.
      yield() {
        return new Promise((resolve) => {
          waiting.push(resolve)
          if (!channel) {
            channel = new MessageChannel()
            channel.port1.onmessage = () => {
              const next = waiting.shift()
              if (waiting.length === 0) {
                channel?.port1.close()
                channel = undefined
              }
              next?.()
            }
          }
          channel.port2.postMessage(0)
        })
      },
    },
    random: { bytes: (count) => crypto.getRandomValues(new Uint8Array(count)) },
  }
}
