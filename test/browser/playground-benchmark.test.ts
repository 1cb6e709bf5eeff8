// The playground's benchmark page, in Chromium: it measures what is chosen, says how far it is, can be cancelled, and leaves
// nothing behind. No figure is judged.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { until } from '../support/browsers/processes.ts'
import { startPlayground } from '../support/playground-server.ts'

const outDir = join(fileURLToPath(new URL('../../.tmp/playground', import.meta.url)), `benchmark-${process.pid}`)
const CHOSEN = ['datasync', 'raw IndexedDB', 'bulk']

const choose = (chosen: string[]) => {
  for (const label of document.querySelectorAll<HTMLLabelElement>('.choice label')) {
    const box = label.querySelector('input')
    if (box && box.checked !== chosen.includes(label.textContent ?? '')) box.click()
  }
}
const press = (text: string) => {
  for (const button of document.querySelectorAll('button')) if (button.textContent === text) button.click()
}
const said = () => document.querySelector('output')?.textContent ?? ''
const figures = () => Array.from(document.querySelectorAll('.row-result .figure'), (cell) => cell.textContent)
const problems = () => Array.from(document.querySelectorAll('.bad'), (one) => one.textContent)
const leftBehind = async () => {
  const names: string[] = []
  for await (const name of (await navigator.storage.getDirectory()).keys()) names.push(name)
  return [...names, ...(await indexedDB.databases()).map(({ name }) => name)].filter((name) => name?.includes('bench-'))
}

it.skipIf(!AVAILABLE.includes('chromium'))('measures what is chosen, can be cancelled, and cleans up', async () => {
  const server = await startPlayground(outDir)
  const browser = await launch('chromium')
  try {
    const { page } = browser
    await page.goto(`${server.url}benchmark.html`)
    await page.evaluate(choose, CHOSEN)
    await page.evaluate(press, 'Start')
    await until(60_000, 'the end of the run', async () =>
      (await page.evaluate(said)).endsWith('done') ? true : undefined,
    )
    // Ours on two storages at two levels and in memory, IndexedDB at two levels; each three times.
    expect(await page.evaluate(said)).toBe('21 of 21, done')
    expect(await page.evaluate(problems)).toEqual([])
    const all = await page.evaluate<string[]>(figures)
    expect(all).toHaveLength(7)
    expect(all.every((text) => /^[\d,]+ \/s$/.test(text))).toBe(true)
    await page.evaluate(press, 'Start')
    await page.evaluate(press, 'Cancel')
    await until(60_000, 'the cancelled run', async () =>
      (await page.evaluate(said)).endsWith('cancelled') ? true : undefined,
    )
    expect(await page.evaluate(leftBehind)).toEqual([])
  } finally {
    await browser.close()
    await server.close()
    await rm(outDir, { recursive: true, force: true })
  }
})
