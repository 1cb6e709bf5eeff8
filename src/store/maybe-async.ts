// Some devices sync at once, others promise to. Code that serves both goes on at once where it can, because a commit
// inside SQLite cannot wait and a microtask per commit is time.

// Not named `then`: a module that exports that name is taken for a promise by `import()`.

export type MaybePromise<T> = T | Promise<T>

export function whenDone<T, U>(value: MaybePromise<T>, next: (value: T) => U): MaybePromise<Awaited<U> | U> {
  return value instanceof Promise ? value.then(next) : next(value)
}
