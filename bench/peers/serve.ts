// The worker's side of a peer: takes calls one after another and answers each.
import { TASKS } from '../workloads/tasks.ts'
import type { Answered, Asked, Peer, PeerConnection } from './peer.ts'

/** The part of a worker's global scope that is used. */
declare const self: {
  addEventListener(type: 'message', listener: (event: MessageEvent<Partial<Asked>>) => void): void
  postMessage(message: Answered): void
}

export function serve(peer: Peer): void {
  let connection: PeerConnection | undefined
  let last: Promise<unknown> = Promise.resolve()
  const answer = async (call: Asked): Promise<unknown> => {
    if (call.method === 'open') {
      connection = await peer.open(call.wish)
      return undefined
    }
    if (!connection) throw new Error('Nothing is open.')
    switch (call.method) {
      case 'exec':
        return connection.exec(call.script)
      case 'run':
        return connection.run(call.sql, call.parameters)
      case 'runMany':
        return connection.runMany(call.sql, call.rows)
      case 'query':
        return connection.query(call.sql, call.parameters)
      case 'task':
        return TASKS[call.task](connection, call.count)
      case 'queryAll': {
        const all = []
        for (const parameters of call.parameters) all.push(await connection.query(call.sql, parameters))
        return all
      }
      case 'heapBytes':
        return connection.heapBytes?.()
      case 'close':
        return connection.close()
      default:
        return call satisfies never
    }
  }
  self.addEventListener('message', ({ data }) => {
    const { id, method } = data
    // A peer may have messages of its own.
    if (id === undefined || method === undefined) return
    const call = data as Asked
    last = last
      .then(() => answer(call))
      .then(
        (value) => self.postMessage({ id, value }),
        (error: unknown) => self.postMessage({ id, error: error instanceof Error ? error.message : String(error) }),
      )
  })
}
