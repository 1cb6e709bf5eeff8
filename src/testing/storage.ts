// What one simulated browser has stored: the bytes of each database, and who has them open.

import type { ChosenStorage } from '../device/choose.ts'
import { toHex } from '../device/hex.ts'
import { MemoryDevice } from '../device/memory.ts'
import { StorageError } from '../errors/errors.ts'
import type { StartOptions } from '../protocol/messages.ts'
import type { StorageAnswer, StorageJob } from '../protocol/storage-messages.ts'
import type { Agent } from './agent.ts'
import { CrashDevice } from './crash-device.ts'

interface Stored {
  device: CrashDevice
  engine: Agent
  readonly created: Date
}

export class SimulatedStorage {
  readonly #stored = new Map<string, Stored>()

  /** Opens the storage of a database for the engine of `agent`. Throws StorageError `busy`. */
  open({ name, storage }: StartOptions, agent: Agent): ChosenStorage {
    const rest = {
      kind: 'memory',
      storeId: toHex(agent.environment.random.bytes(16)),
      created: true,
      afterOpen: async () => {},
      stillThere: async () => {},
    } as const
    if (storage === 'memory') {
      const why = ['It is kept in memory, as was asked for: nothing is left when it is closed.']
      return { ...rest, device: new MemoryDevice(), why }
    }
    const before = this.#stored.get(name)
    if (before && !before.device.closed)
      throw new StorageError('busy', `The database '${name}' is open in this simulated browser.`, { retryable: true })
    const device = new CrashDevice(before?.device)
    this.#stored.set(name, { device, engine: agent, created: before?.created ?? new Date() })
    // A dead engine must never write again.
    agent.onEnd(() => device.close())
    return { ...rest, device, why: ['It is kept in the memory of a simulated browser.'] }
  }

  /** The engine that has a database open. */
  engineOf(name: string): Agent | undefined {
    const stored = this.#stored.get(name)
    return stored && !stored.device.closed ? stored.engine : undefined
  }

  /** Forgets what nobody has synced of a database whose engine has died. */
  loseUnsynced(name: string): void {
    this.#stored.get(name)?.device.loseUnsynced()
  }

  list(): { readonly name: string; readonly created: Date }[] {
    return [...this.#stored]
      .map(([name, { created }]) => ({ name, created }))
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Does what a page asks of stored databases; nobody has the one open that is to be deleted. */
  answer(job: StorageJob): StorageAnswer {
    const deleted = job.action === 'delete' && this.#stored.delete(job.name)
    return { type: 'storage-done', databases: [], deleted }
  }
}
