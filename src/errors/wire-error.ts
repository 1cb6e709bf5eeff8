// An error on its way across a port; apart from `wire.ts` so that messages name the type without the classes.

/** An error as plain data; `errors/wire.ts` makes and rebuilds it. */
export interface WireError {
  readonly class: string
  readonly code: string
  readonly message: string
  readonly facts: Readonly<Record<string, unknown>>
}
