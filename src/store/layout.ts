// Byte layouts as data: one description from which encoding, decoding and the tables of docs/format.md come, so that
// they cannot disagree (`test/unit/store-format.test.ts`). It stands apart because it knows no structure of the store.
// All numbers are little-endian. `u53` takes eight bytes and holds a safe integer.

export interface Field<T> {
  readonly at: number
  readonly bytes: number
  readonly meaning: string
  readonly get: (view: DataView, at: number) => T
  readonly set: (view: DataView, at: number, value: T) => void
}

// biome-ignore lint/suspicious/noExplicitAny: a field's type is only known where the layout is declared
type Fields = Readonly<Record<string, Field<any>>>
export type Values<F extends Fields> = { -readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never }

export interface Layout<F extends Fields> {
  readonly name: string
  readonly bytes: number
  readonly fields: F
  /** Offset of each field, for hot paths that read one field at a time. */
  readonly at: { readonly [K in keyof F]: number }
  read(view: DataView, base?: number): Values<F>
  write(view: DataView, values: Values<F>, base?: number): void
}

/** Declares a structure of `bytes` bytes; throws if fields overlap or run over the end. */
export function layout<F extends Fields>(name: string, bytes: number, fields: F): Layout<F> {
  const entries = Object.entries(fields).sort((a, b) => a[1].at - b[1].at)
  let end = 0
  for (const [key, field] of entries) {
    if (field.at < end) throw new Error(`${name}.${key} overlaps the field before it`)
    end = field.at + field.bytes
  }
  if (end > bytes) throw new Error(`${name} is longer than ${bytes} bytes`)
  const at = Object.fromEntries(entries.map(([key, field]) => [key, field.at])) as { [K in keyof F]: number }
  return {
    name,
    bytes,
    fields,
    at,
    read(view, base = 0) {
      const values: Record<string, unknown> = {}
      for (const [key, field] of entries) values[key] = field.get(view, base + field.at)
      return values as Values<F>
    },
    write(view, values, base = 0) {
      for (const [key, field] of entries) field.set(view, base + field.at, values[key as keyof F])
    },
  }
}

export function getU53(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true)
}

export function setU53(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true)
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true)
}

export const u8 = (at: number, meaning: string): Field<number> => ({
  at,
  bytes: 1,
  meaning,
  get: (view, o) => view.getUint8(o),
  set: (view, o, value) => view.setUint8(o, value),
})

export const u16 = (at: number, meaning: string): Field<number> => ({
  at,
  bytes: 2,
  meaning,
  get: (view, o) => view.getUint16(o, true),
  set: (view, o, value) => view.setUint16(o, value, true),
})

export const u32 = (at: number, meaning: string): Field<number> => ({
  at,
  bytes: 4,
  meaning,
  get: (view, o) => view.getUint32(o, true),
  set: (view, o, value) => view.setUint32(o, value, true),
})

export const u53 = (at: number, meaning: string): Field<number> => ({
  at,
  bytes: 8,
  meaning,
  get: getU53,
  set: setU53,
})

/** A checksum: eight bytes as a bigint. */
export const sum = (at: number, meaning: string): Field<bigint> => ({
  at,
  bytes: 8,
  meaning,
  get: (view, o) => view.getBigUint64(o, true),
  set: (view, o, value) => view.setBigUint64(o, value, true),
})

/** Sixteen bytes as 32 hexadecimal digits. */
export const id16 = (at: number, meaning: string): Field<string> => ({
  at,
  bytes: 16,
  meaning,
  get: (view, o) => {
    let text = ''
    for (let i = 0; i < 16; i++)
      text += view
        .getUint8(o + i)
        .toString(16)
        .padStart(2, '0')
    return text
  },
  set: (view, o, value) => {
    for (let i = 0; i < 16; i++)
      view.setUint8(o + i, (digit(value.charCodeAt(2 * i)) << 4) | digit(value.charCodeAt(2 * i + 1)))
  },
})

/** The value of a hexadecimal digit given by its character code. */
const digit = (code: number): number => (code <= 0x39 ? code - 0x30 : (code | 0x20) - 0x57)
