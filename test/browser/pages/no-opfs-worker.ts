// The package's worker in a browser that refuses OPFS, as private windows of Firefox and Safari do. Loaded as `workerUrl`.
import '../../../src/worker.ts'
import { refuseOpfs } from './refuse-opfs.ts'

refuseOpfs()
