// The tabs' platform in a real page or worker: Web Locks, channels, ports and the page's lifecycle.

import type { Channel, LifecycleEvent, Port, TabPlatform } from './platform.ts'

/** What pages and workers both have; undefined where this browser lacks it. Touches nothing until it is used. */
export function browserTabs(): Pick<TabPlatform, 'locks' | 'openChannel' | 'newPorts' | 'wrapPort'> | undefined {
  const locks: LockManager | undefined = typeof navigator === 'undefined' ? undefined : navigator.locks
  // Node has both names too, but no other tab.
  const isBrowser = typeof location !== 'undefined'
  if (!isBrowser || !locks || typeof BroadcastChannel === 'undefined' || typeof MessageChannel === 'undefined')
    return undefined
  return { locks, openChannel, newPorts, wrapPort: (port) => wrapPort(port as MessagePort) }
}

/** The same with what only a page has; a worker that opens a database is a client like a page. */
export function pageTabs(startBroker: TabPlatform['connectBroker']): TabPlatform | undefined {
  const tabs = browserTabs()
  return tabs && { ...tabs, connectBroker: startBroker, onLifecycle }
}

/** A port of the platform as one of ours. */
export function wrapPort(port: MessagePort): Port {
  const wrapped: Port = {
    onmessage: undefined,
    postMessage: (message, transfer) => port.postMessage(message, transfer),
    close: () => port.close(),
  }
  port.onmessage = ({ data }) => wrapped.onmessage?.(data)
  return wrapped
}

function openChannel(name: string): Channel {
  const channel = new BroadcastChannel(name)
  const opened: Channel = {
    onmessage: undefined,
    postMessage: (message) => channel.postMessage(message),
    close: () => channel.close(),
  }
  channel.onmessage = ({ data }) => opened.onmessage?.(data)
  return opened
}

function newPorts(): readonly [Transferable, Transferable] {
  const { port1, port2 } = new MessageChannel()
  return [port1, port2]
}

function onLifecycle(listener: (event: LifecycleEvent) => void): () => void {
  // A worker sleeps and ends with its page, without being told.
  if (typeof document === 'undefined') return () => {}
  const stop = new AbortController()
  const { signal } = stop
  addEventListener('pagehide', ({ persisted }) => listener(persisted ? 'hide' : 'unload'), { signal })
  addEventListener('pageshow', () => listener('show'), { signal })
  document.addEventListener('freeze', () => listener('freeze'), { signal })
  document.addEventListener('resume', () => listener('resume'), { signal })
  return () => stop.abort()
}
