// Random bytes as text, for the numbers by which tabs tell clients, workers and lines apart.

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
