// What a worker logs when `debug` is on: its engine's clients, their requests with their SQL, and what is posted to them. It
// stands apart as a coat around the engine, so that without `debug` nothing of it is on the way of a request.

import type { Clock } from '../environment.ts'
import type { Log } from '../log.ts'
import type { FromEngine, Request } from '../protocol/messages.ts'
import type { OpenedEngine } from './open-engine.ts'

/** The same engine, whose doings are logged; never parameters or rows. */
export function logged(engine: OpenedEngine, log: Log, clock: Clock): OpenedEngine {
  const { term, storeId } = engine
  const arrived = new Map<string, number>()
  log('engine: opened', { term, storeId })
  return {
    ...engine,
    attach(client, settings, port) {
      log('client: attached', { client, ...settings })
      const post: typeof port.post = (message, transfer) => {
        for (const [what, facts] of posted(message)) {
          const key = `${client} ${facts.seq}`
          const sinceMs = arrived.get(key)
          if (what !== 'chunk' && what !== 'progress') arrived.delete(key)
          log(`answer: ${what}`, {
            client,
            ...facts,
            ms: sinceMs === undefined ? undefined : clock.monotonicMs() - sinceMs,
          })
        }
        port.post(message, transfer)
      }
      engine.attach(client, settings, { post })
    },
    receive(message) {
      for (const request of message.requests) {
        if ('seq' in request) arrived.set(`${message.client} ${request.seq}`, clock.monotonicMs())
        log(`request: ${request.type}`, { client: message.client, ...factsOf(request) })
      }
      engine.receive(message)
    },
    detach(client) {
      log('client: detached', { client })
      return engine.detach(client)
    },
    async close() {
      await engine.close()
      log('engine: closed', { term, storeId })
    },
  }
}

interface PostedFacts {
  readonly seq?: number
  readonly [fact: string]: unknown
}

function posted(message: FromEngine): [what: string, facts: PostedFacts][] {
  if (message.type === 'event') return [[`event ${message.event.name}`, { ...message.event }]]
  if (message.type !== 'answers') return [[message.type, {}]]
  return message.answers.map((answer) => {
    const { type, seq } = answer
    if (type === 'error') return [type, { seq, code: answer.error.code, message: answer.error.message }]
    if (type === 'result') return [type, { seq, changes: answer.changes, rows: answer.rows?.count }]
    return [type, { seq }]
  })
}

function factsOf(request: Request): PostedFacts {
  const facts: Record<string, unknown> = {}
  for (const name of ['seq', 'target', 'sql', 'transaction', 'mode', 'action', 'setCount'] as const)
    if (name in request) facts[name] = Reflect.get(request, name)
  if (request.type === 'batch') facts.sql = request.items.map(({ sql }) => sql)
  return facts
}
