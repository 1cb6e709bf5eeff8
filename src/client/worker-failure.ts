// Why the worker's script did not load, in words with the setting to change. The browser itself says nothing, so the file
// is asked for once more. It stands apart because it is needed only then, and is loaded only then.

import { assetRemedy } from '../errors/asset-remedy.ts'
import { ORIGIN_REMEDY } from '../errors/asset-words.ts'

const LOOK_MS = 5000

/** What the page's Content-Security-Policy forbade. */
export interface PolicyViolation {
  readonly directive: string
}

export interface WorkerLoadFacts {
  /** Where the script was looked for; undefined where the bundler chose the address. */
  readonly address: string | undefined
  readonly violation: PolicyViolation | undefined
  /** What a policy has to allow. */
  readonly source: string
}

/** A whole message. */
export async function explainWorkerFailure({ address, violation, source }: WorkerLoadFacts): Promise<string> {
  const where = address === undefined ? '' : ` from ${address}`
  const lead = `The worker's script could not be loaded${where}: `
  if (violation)
    return `${lead}the page's Content-Security-Policy forbids it (${violation.directive}). Add to the policy: worker-src ${source}.`
  if (address !== undefined && new URL(address).origin !== location.origin)
    return `${lead}it is of another origin than the page. ${ORIGIN_REMEDY}`
  const why =
    address === undefined ? 'see the failed request in the network panel of the browser' : await lookAt(address)
  return `${lead}${why}. ${assetRemedy('workerUrl', address)}`
}

async function lookAt(address: string): Promise<string> {
  let response: Response
  try {
    response = await fetch(address, { credentials: 'same-origin', signal: AbortSignal.timeout(LOOK_MS) })
    await response.body?.cancel()
  } catch (cause) {
    return `${cause instanceof Error ? cause.message : cause}`
  }
  const type = response.headers.get('content-type') ?? ''
  if (!response.ok) return `the server answered ${response.status}`
  if (type.startsWith('text/html')) return 'the server answered an HTML page, as for a file it does not have'
  if (!/javascript|ecmascript/.test(type))
    return `the server sends it as '${type}'. Have it send files ending in .js as text/javascript`
  return 'the file is there, but the browser did not run it; its console says why'
}
