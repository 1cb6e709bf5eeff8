// The types of browsers.mjs, for the TypeScript that drives what it found.
export type BrowserKind = 'chromium' | 'firefox' | 'webkit'

export interface BrowserPaths {
  readonly chromium?: string
  readonly firefox?: string
  readonly webkitDriver?: string
  readonly miniBrowser?: string
  readonly xvfb?: string
}

export interface FoundBrowsers {
  readonly paths: BrowserPaths
  readonly missing: readonly BrowserKind[]
}

export declare const BROWSER_KINDS: readonly BrowserKind[]
export declare function findBrowsers(): FoundBrowsers
export declare function provideBrowsers(log?: (line: string) => void): FoundBrowsers
export declare function describeBrowsers(found: FoundBrowsers): string[]
