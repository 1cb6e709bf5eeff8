// Tabs of one site in memory that open what a test says, each with a broker or with channels alone; engine, election and
// protocol are the real ones. It stands apart from the simulated browser of `datasync/testing`, whose tabs choose by themselves.
import type { Database } from '../../src/client/database.ts'
import { openWith } from '../../src/client/open.ts'
import type { OpenOptions } from '../../src/client/options.ts'
import { Broker } from '../../src/coordination/broker.ts'
import type { ClientPlatform, Port } from '../../src/coordination/platform.ts'
import { wasmInNode } from '../../src/node/wasm-file.ts'
import { Agent } from '../../src/testing/agent.ts'
import { SharedChannels } from '../../src/testing/channels.ts'
import { startInProcessEngine } from '../../src/testing/in-process-engine.ts'
import { SharedLocks } from '../../src/testing/locks.ts'
import { SharedPorts } from '../../src/testing/ports.ts'
import { SimulatedStorage } from '../../src/testing/storage.ts'

export class SimulatedSite {
  readonly #locks = new SharedLocks()
  readonly #channels = new SharedChannels()
  readonly #ports = new SharedPorts()
  readonly #storage = new SimulatedStorage()
  readonly #brokerAgent = new Agent()
  readonly #broker = new Broker((port) => this.#ports.wrap(this.#brokerAgent, port))
  readonly #open: Database[] = []

  /** Opens `app.db` in a tab of its own. */
  async open(options: OpenOptions = {}, { broker = false } = {}): Promise<Database> {
    const page = new Agent()
    const [locks, channels, ports, storage] = [this.#locks, this.#channels, this.#ports, this.#storage]
    const platform: ClientPlatform = {
      ...page.environment,
      locks: locks.of(page),
      tabs: {
        locks: locks.of(page),
        openChannel: (name) => channels.open(page, name),
        newPorts: () => ports.pair(),
        wrapPort: (port) => ports.wrap(page, port),
        connectBroker: () => (broker ? this.#toBroker(page) : undefined),
        onLifecycle: () => () => {},
      },
      startWorker: () => startInProcessEngine({ page, locks, channels, ports, storage }),
      getWasm: wasmInNode,
    }
    const db = await openWith(platform, 'app.db', options)
    this.#open.push(db)
    return db
  }

  async close(): Promise<void> {
    for (const db of this.#open.splice(0)) await db.close()
  }

  #toBroker(page: Agent): Port {
    const [ours, theirs] = this.#ports.pair()
    this.#broker.serve(this.#ports.wrap(this.#brokerAgent, theirs))
    return this.#ports.wrap(page, ours)
  }
}
