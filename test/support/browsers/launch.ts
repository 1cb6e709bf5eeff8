// Starts one of the three browsers by its name. It stands apart so that tests can loop over the kinds.
import { type BrowserKind, findBrowsers } from '../../../scripts/browsers.mjs'
import { type ChromiumSession, launchChromium } from './chromium.ts'
import { launchFirefox } from './firefox.ts'
import type { BrowserSession, LaunchOptions } from './session.ts'
import { launchWebKit } from './webkit.ts'

const found = findBrowsers()

/** The browsers that this machine has. */
export const AVAILABLE: readonly BrowserKind[] = (['chromium', 'firefox', 'webkit'] as const).filter(
  (kind) => !found.missing.includes(kind),
)

/** Starts a browser; rejects with a sentence if it is not installed or does not come up. */
export function launch(kind: 'chromium', options?: LaunchOptions): Promise<ChromiumSession>
export function launch(kind: BrowserKind, options?: LaunchOptions): Promise<BrowserSession>
export function launch(kind: BrowserKind, options: LaunchOptions = {}): Promise<BrowserSession> {
  const { chromium, firefox, webkitDriver, miniBrowser, xvfb } = found.paths
  switch (kind) {
    case 'chromium':
      return launchChromium(present(chromium, kind), options)
    case 'firefox':
      return launchFirefox(present(firefox, kind), options)
    case 'webkit':
      return launchWebKit(
        {
          webkitDriver: present(webkitDriver, kind),
          miniBrowser: present(miniBrowser, kind),
          xvfb: present(xvfb, kind),
        },
        options,
      )
  }
}

function present(path: string | undefined, kind: BrowserKind): string {
  if (path === undefined) throw new Error(`${kind} is not installed; "node scripts/browsers.mjs" says what to do`)
  return path
}
