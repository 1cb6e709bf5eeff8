// A value as the text that stands in a result block. I, R and T are the public format's: what its reference runner prints
// for SQLite. Q is an addition of this project: the value as an SQL literal, so that a file can also tell 1 from 1.0 and
// '1', NULL from 'NULL', and hold text beyond ASCII.

/** Integers are bigints, so that they differ from reals. */
export type ConformanceValue = null | bigint | number | string | Uint8Array

/** Renders a value for a column of type I, R, T or Q. */
export function render(value: ConformanceValue, type: string): string {
  if (type === 'Q') return literal(value)
  if (value === null) return 'NULL'
  if (type === 'I') return asInteger(value)
  if (type === 'R') return threeDecimals(asReal(value))
  return printable(asBytes(value))
}

function literal(value: ConformanceValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return realText(value, shortest)
  if (typeof value === 'string') {
    const quoted = `'${value.replaceAll("'", "''")}'`
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters that would break the lines
    return quoted.replace(/[\0-\x1f\x7f-\x9f]/g, (control) => `\\u{${control.charCodeAt(0).toString(16)}}`)
  }
  return `X'${Array.from(value, (byte) => byte.toString(16).padStart(2, '0'))
    .join('')
    .toUpperCase()}'`
}

function asInteger(value: Exclude<ConformanceValue, null>): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number') return String(Number.isFinite(value) ? BigInt(Math.trunc(value)) : value)
  return String(BigInt(/^\s*([+-]?\d+)/.exec(textOf(value))?.[1]?.replace('+', '') ?? 0))
}

function asReal(value: Exclude<ConformanceValue, null>): number {
  if (typeof value === 'number' || typeof value === 'bigint') return Number(value)
  return Number(/^\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)/i.exec(textOf(value))?.[1] ?? 0)
}

function asBytes(value: Exclude<ConformanceValue, null>): Uint8Array {
  if (value instanceof Uint8Array) return value
  if (typeof value === 'number') return new TextEncoder().encode(realText(value, fifteenDigits))
  return new TextEncoder().encode(String(value))
}

/** Bytes that are no printable ASCII become @, one each. */
function printable(bytes: Uint8Array): string {
  if (bytes.length === 0) return '(empty)'
  let text = ''
  for (const byte of bytes) text += byte < 0x20 || byte > 0x7e ? '@' : String.fromCharCode(byte)
  return text
}

function textOf(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : new TextDecoder().decode(value)
}

/** toFixed gives up its form from 1e21 on. */
function threeDecimals(value: number): string {
  if (!Number.isFinite(value)) return infinite(value)
  return Math.abs(value) >= 1e21 ? `${BigInt(value)}.000` : value.toFixed(3)
}

interface Digits {
  readonly negative: boolean
  /** Significant digits without trailing zeros. */
  readonly digits: string
  /** Of the first digit, as a power of ten. */
  readonly exponent: number
}

function shortest(value: number): string {
  return value.toExponential()
}

function fifteenDigits(value: number): string {
  return value.toExponential(14)
}

/** SQLite's text of a real: always with a decimal point, in exponent form below 1e-4 and from 17 (or 15) digits on. */
function realText(value: number, round: (value: number) => string): string {
  if (!Number.isFinite(value)) return infinite(value)
  if (value === 0) return '0.0'
  const { negative, digits, exponent } = digitsOf(round(value))
  const sign = negative ? '-' : ''
  const most = round === shortest ? 17 : 15
  if (exponent < -4 || exponent >= most) {
    const power = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${digits[0]}.${digits.slice(1) || '0'}e${exponent < 0 ? '-' : '+'}${power}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return `${sign}${whole}.${digits.slice(exponent + 1) || '0'}`
}

function digitsOf(exponential: string): Digits {
  const [mantissa = '', exponent = '0'] = exponential.split('e')
  const digits = mantissa.replace(/[-.]/g, '').replace(/0+$/, '')
  return { negative: mantissa.startsWith('-'), digits, exponent: Number(exponent) }
}

function infinite(value: number): string {
  return value > 0 ? 'Inf' : '-Inf'
}
