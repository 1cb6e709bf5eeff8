// The engine on the block store on a directory, without a client's library, as the session of a conformance file.
import { openNodeDevice } from '../../src/device/node.ts'
import { realEnvironment } from '../../src/environment.ts'
import { BlockStore } from '../../src/store/block-store.ts'
import { startEngine, type TestClient } from '../support/engine-client.ts'
import type { ConformanceValue } from './render.ts'
import type { ConformanceSession } from './session.ts'

export class EngineSession implements ConformanceSession {
  readonly #client: TestClient
  readonly #end: () => Promise<void>

  private constructor(client: TestClient, end: () => Promise<void>) {
    this.#client = client
    this.#end = end
  }

  /** Opens the database that is stored in `directory`, creating it if it does not exist. */
  static async onDirectory(directory: string): Promise<EngineSession> {
    const store = await BlockStore.open({ device: openNodeDevice(directory, realEnvironment().random) })
    const { engine, client } = await startEngine({ blocks: store, store })
    const one = client()
    one.integers = 'bigint'
    return new EngineSession(one, async () => {
      await engine.close()
      await store.close()
    })
  }

  exec(sql: string): Promise<void> {
    return this.#client.exec(sql)
  }

  async run(sql: string): Promise<number> {
    return (await this.#client.run(sql)).changes
  }

  query(sql: string): Promise<readonly (readonly ConformanceValue[])[]> {
    return this.#client.query(sql)
  }

  close(): Promise<void> {
    return this.#end()
  }
}
