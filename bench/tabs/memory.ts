// What a follower's tab holds more than an empty page: V8's heap and its array buffers, after its garbage was collected,
// when it has read and written for a while.
import type { ChromiumPage } from '../../test/support/browsers/chromium.ts'
import { call } from '../../test/support/browsers/steps.ts'
import type { TabsSteps } from '../pages/tabs.ts'

const TABS = 3
const GOAL_MIB = 3
const MIB = 1 << 20

export async function memory(open: () => Promise<ChromiumPage>, empty: () => Promise<ChromiumPage>): Promise<string[]> {
  const leader = await open()
  const nothing = await empty()
  const emptyBytes = await heldBy(nothing)
  const lines: string[] = []
  for (let index = 0; index < TABS; index += 1) {
    const follower = await open()
    const openedBytes = (await heldBy(follower)) - emptyBytes
    await call<TabsSteps, 'readMs'>(follower, 'readMs', 1000)
    await call<TabsSteps, 'burst'>(follower, 'burst', 0)
    const usedBytes = (await heldBy(follower)) - emptyBytes
    const [opened, used] = [openedBytes, usedBytes].map((bytes) => (bytes / MIB).toFixed(2))
    lines.push(
      `memory of follower ${index + 1} over an empty page (${(emptyBytes / MIB).toFixed(2)} MiB): opened ${opened} MiB, after 1250 calls ${used} MiB, goal ${GOAL_MIB}`,
    )
    await follower.close()
  }
  await nothing.close()
  await leader.close()
  return lines
}

async function heldBy(page: ChromiumPage): Promise<number> {
  const { usedBytes, bufferBytes } = await page.heap()
  return usedBytes + bufferBytes
}
