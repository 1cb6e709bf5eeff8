// The page of tests with several tabs: the one of all tests, and with `?no-broker` a browser without SharedWorker, where
// tabs talk over channels.
export { type DatabaseSteps, steps } from './database.ts'

if (location.search === '?no-broker') Reflect.deleteProperty(globalThis, 'SharedWorker')
