// What every other browser test relies on: the drivers themselves, in each browser that this machine has.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { AVAILABLE, launch } from '../support/browsers/launch.ts'
import { startServer, type TestServer } from '../support/browsers/server.ts'
import { type BrowserSession, PageError } from '../support/browsers/session.ts'

describe.each(AVAILABLE)('the driver of %s', (kind) => {
  let server: TestServer
  let browser: BrowserSession
  beforeAll(async () => {
    server = await startServer({ pages: ['blank'] })
    browser = await launch(kind)
  })
  afterAll(async () => {
    await browser?.close()
    await server?.close()
  })

  it('awaits promises and returns their values', async () => {
    await browser.page.goto(server.page('blank'))
    const value = await browser.page.evaluate(async (n: number) => ({ twice: n * 2, secure: isSecureContext }), 21)
    expect(value).toEqual({ twice: 42, secure: true })
  })

  it('brings an error of the page back with its code and fields', async () => {
    await browser.page.goto(server.page('blank'))
    const failing = browser.page.evaluate(() => {
      throw Object.assign(new RangeError('too far'), { code: 'far', block: 7 })
    })
    const error = await failing.then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(PageError)
    expect(error).toMatchObject({ thrown: { name: 'RangeError', code: 'far', fields: { block: 7 } } })
  })

  it('keeps storage over a reload and shares it with a second page', async () => {
    await browser.page.goto(server.page('blank'))
    await browser.page.evaluate(() => localStorage.setItem('kept', 'yes'))
    await browser.page.reload()
    expect(await browser.page.evaluate(() => localStorage.getItem('kept'))).toBe('yes')
    const second = await browser.newPage()
    await second.goto(server.page('blank'))
    expect(await second.evaluate(() => localStorage.getItem('kept'))).toBe('yes')
    await second.close()
    expect(await browser.page.evaluate(() => localStorage.getItem('kept'))).toBe('yes')
  })

  it('says which step took too long', async () => {
    await browser.page.goto(server.page('blank'))
    const hanging = browser.page.evaluate(() => new Promise<null>(() => {}), null, { timeoutMs: 300 })
    await expect(hanging).rejects.toThrow(/a step in|WebDriver/)
    await browser.page.reload()
    expect(await browser.page.evaluate(() => 1)).toBe(1)
  })
})
