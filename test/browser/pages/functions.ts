// A module of an application with functions for use in SQL; the worker imports it from the server.

export const shout = (text: string): string => `${text.toUpperCase()}!`

export const joined = {
  start: (): string[] => [],
  step: (list: string[], text: string): void => {
    list.push(text)
  },
  final: (list: string[]): string => list.join('-'),
}
