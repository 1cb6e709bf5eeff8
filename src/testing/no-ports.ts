// Tabs of a simulated browser talk over channels, as in browsers without SharedWorker, so that no port is ever passed on.

import { UsageError } from '../errors/errors.ts'

export function noPorts(): never {
  throw new UsageError('internal', 'There are no ports in a simulated browser.')
}
