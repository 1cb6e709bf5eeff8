// Where a log goes. Nothing is logged unless `debug` asks for it, and then through a function that is handed in; this is the
// one that pages and workers hand in.

/** Takes what happened and its facts, which hold SQL but never values. */
export type Log = (what: string, facts: unknown) => void

export const consoleLog: Log = (what, facts) => {
  // biome-ignore lint/suspicious/noConsole: this is where it is meant to go
  console.debug('datasync:', what, facts)
}
