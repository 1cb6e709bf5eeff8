// What leading and following share of the client that they work for. It stands apart as the list of what they may touch.

import type { ClientId, EngineInfo } from '../protocol/messages.ts'
import type { BrokerLine } from './broker-line.ts'
import type { Election } from './election.ts'
import type { EngineLink, EngineLinkOptions } from './engine-link.ts'
import type { EngineSlot, LeaderMessage } from './engine-slot.ts'
import type { MemberOptions, Place } from './member.ts'
import type { TabPlatform } from './platform.ts'

export type LinkParts = Pick<EngineLinkOptions, 'transport' | 'hello' | 'wasm' | 'life' | 'timeoutMs'>

export interface TabContext {
  readonly options: MemberOptions
  readonly tabs: TabPlatform
  /** The database's. */
  readonly name: string
  readonly election: Election
  readonly slot: EngineSlot
  readonly broker: BrokerLine
  readonly client: () => ClientId
  /** True while this client wants an engine. */
  readonly isActive: () => boolean
  readonly isClosed: () => boolean
  readonly newLink: (parts: LinkParts) => EngineLink
  /** The engine of this link has answered. */
  readonly ready: (link: EngineLink, info: EngineInfo, place: Place) => void
  /** The engine of this link has ended, or is given up. */
  readonly lose: (link: EngineLink, cause: Error) => void
  /** The same for one that nobody has worked with yet. */
  readonly forget: (link: EngineLink) => void
  /** Another leader announces itself, and is taken instead of the engine in use. */
  readonly replace: (by: LeaderMessage) => void
  /** No engine can be had in this page as it is. */
  readonly refuse: (error: Error) => void
}
