// What a visitor does in the playground and sees there, as steps of a test. Each waits or fails with what the page shows.
import type { BrowserPage } from './browsers/session.ts'

/** Waits inside the page until an element is there and holds the text. */
export async function seen(page: BrowserPage, selector: string, text = '', timeoutMs = 30_000): Promise<void> {
  const wait = async (wanted: { selector: string; text: string; timeoutMs: number }) => {
    const deadline = performance.now() + wanted.timeoutMs
    for (;;) {
      const shown = document.querySelector(wanted.selector)?.textContent
      if (shown?.includes(wanted.text)) return
      if (performance.now() > deadline) {
        const problem =
          (document.querySelector('.problem') ?? document.querySelector('.bad'))?.textContent ?? 'no problem'
        throw new Error(`${wanted.selector} shows "${shown}", not "${wanted.text}"; the page reports ${problem}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  await page.evaluate<void>(wait, { selector, text, timeoutMs }, { timeoutMs: timeoutMs + 5000 })
}

/** Presses the button with this text, or with this `aria-label`; the first inside of `within`. */
export function click(page: BrowserPage, label: string, within = 'body'): Promise<void> {
  const press = ({ label, within }: { label: string; within: string }) => {
    const buttons = [...document.querySelectorAll<HTMLButtonElement>(`${within} button`)]
    const names = (button: HTMLButtonElement) => [button.textContent?.trim(), button.getAttribute('aria-label')]
    const button = buttons.find((candidate) => names(candidate).includes(label))
    if (!button || button.disabled) throw new Error(`no button "${label}" that can be pressed`)
    button.click()
  }
  return page.evaluate<void>(press, { label, within })
}

/** Puts text into the editor by way of the draft that the page keeps for the next visit. */
export async function write(page: BrowserPage, text: string): Promise<void> {
  await page.evaluate<void>((text: string) => localStorage.setItem('playground.draft', text), text)
  await page.reload()
  await seen(page, '.session-state.good')
}

/** Writes the text, runs it and waits for its summary. */
export async function runScript(page: BrowserPage, text: string, summary: string, timeoutMs?: number): Promise<void> {
  await write(page, text)
  await click(page, 'Run')
  await seen(page, '.run-summary', summary, timeoutMs)
}

export function textOf(page: BrowserPage, selector: string): Promise<string> {
  return page.evaluate<string>((selector: string) => document.querySelector(selector)?.textContent ?? '', selector)
}

export function textsOf(page: BrowserPage, selector: string): Promise<string[]> {
  return page.evaluate<string[]>(
    (selector: string) => [...document.querySelectorAll(selector)].map((element) => element.textContent ?? ''),
    selector,
  )
}

/** Gives the keys, one after another, to whatever has the focus; with `on`, that element is given the focus first. */
export function keys(page: BrowserPage, names: readonly string[], on?: string): Promise<void> {
  const type = async ({ names, on }: { names: readonly string[]; on: string | null }) => {
    if (on !== null) document.querySelector<HTMLElement>(on)?.focus()
    for (const name of names) {
      const parts = name.split('+')
      const [ctrlKey, altKey] = [parts.includes('Ctrl'), parts.includes('Alt')]
      const init = { key: parts.at(-1) ?? '', ctrlKey, altKey, bubbles: true, cancelable: true }
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', init))
      await new Promise((resolve) => setTimeout(resolve, 30))
    }
  }
  return page.evaluate<void>(type, { names, on: on ?? null })
}

export function firstRows(page: BrowserPage): Promise<string[][]> {
  return page.evaluate<string[][]>(() =>
    [...document.querySelectorAll('.grid-row')]
      .slice(0, 10)
      .map((row) => [...row.querySelectorAll('.grid-cell')].map((cell) => cell.textContent ?? '')),
  )
}

/** Scrolls to the end of the result; the last row's cells and, behind them, its number. */
export function lastRow(page: BrowserPage): Promise<string[]> {
  return page.evaluate<string[]>(async () => {
    const grid = document.querySelector('.grid')
    if (!grid) throw new Error('there is no grid')
    grid.scrollTop = grid.scrollHeight
    const last = () => [...document.querySelectorAll('.grid-row')].at(-1)
    const end = Number(grid.getAttribute('aria-rowcount'))
    while (Number(last()?.getAttribute('aria-rowindex')) !== end) {
      await new Promise((resolve) => requestAnimationFrame(resolve))
    }
    const row = last()
    const cells = [...(row?.querySelectorAll('.grid-cell') ?? [])].map((cell) => cell.textContent ?? '')
    return [...cells, row?.querySelector('.grid-number')?.textContent ?? '']
  })
}

/** Keeps the files that the page hands to its user, instead of downloading them, until the next load. */
export function catchDownloads(page: BrowserPage): Promise<void> {
  return page.evaluate<void>(() => {
    const caught: Blob[] = []
    Object.assign(globalThis, { caught })
    URL.createObjectURL = (blob: Blob) => {
      caught.push(blob)
      return 'about:blank#caught'
    }
    HTMLAnchorElement.prototype.click = () => {}
  })
}

/** The first file caught, as text with one character per byte. */
export function caughtBytes(page: BrowserPage): Promise<string> {
  return page.evaluate<string>(async () => {
    const { caught = [] } = globalThis as { caught?: Blob[] }
    while (caught.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
    const bytes = new Uint8Array(await caught[0]!.arrayBuffer())
    return Array.from(bytes.subarray(0, 10_000), (byte) => String.fromCharCode(byte)).join('')
  })
}

/** Drops the first file caught onto the page, all of it or its first bytes. */
export function dropCaught(page: BrowserPage, name: string, bytes = Number.MAX_SAFE_INTEGER): Promise<void> {
  const drop = ({ name, bytes }: { name: string; bytes: number }) => {
    const { caught = [] } = globalThis as { caught?: Blob[] }
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([caught[0]!.slice(0, bytes)], name))
    const target = document.querySelector('.cm-content')
    for (const type of ['dragenter', 'dragover', 'drop']) {
      target?.dispatchEvent(new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }))
    }
  }
  return page.evaluate<void>(drop, { name, bytes })
}

/** Types into a field as a visitor does. */
export function fillIn(page: BrowserPage, selector: string, text: string): Promise<void> {
  const fill = ({ selector, text }: { selector: string; text: string }) => {
    const input = document.querySelector<HTMLInputElement>(selector)
    if (!input) throw new Error(`no field ${selector}`)
    input.value = text
    input.dispatchEvent(new InputEvent('input', { bubbles: true }))
  }
  return page.evaluate<void>(fill, { selector, text })
}
