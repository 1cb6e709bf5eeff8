// A replacement of everything that a store holds, on a failing disk: the process or the power dies at every single write,
// change of size, flush and sync of it, and what is opened afterwards is the old content or the new, whole and usable.
import { expect, test } from 'vitest'
import { BlockStore } from '../../src/store/block-store.ts'
import { Checksums } from '../../src/store/checksum.ts'
import { type Chance, seeded, simulatedEnvironment } from '../support/seeded.ts'
import { Crash, SimulatedDisk } from '../support/simulated-disk.ts'

const SIZES = {
  segmentBytes: 4096,
  logBytesMin: 16 * 1024,
  logBytesMax: 64 * 1024,
  logStepBytes: 4096,
  originsBytesMax: 2048,
  spillBytes: 4096,
}
const BLOCK_SIZES = [512, 1024, 4096, 16384] as const
/** Lives per kind of disk; each dies at some forty points. */
const LIVES = Number(process.env.SEEDS ?? 24)

type Kind = 'kept' | 'undone'
interface Content {
  readonly blockSize: number
  readonly blocks: readonly Uint8Array[]
}

function randomContent(chance: Chance, most: number): Content {
  const blockSize = chance.pick(BLOCK_SIZES)
  const count = 1 + chance.int(Math.max(1, (most * 512) / blockSize))
  return { blockSize, blocks: Array.from({ length: count }, () => randomBlock(chance, blockSize)) }
}

const randomBlock = (chance: Chance, blockSize: number) => new Uint8Array(blockSize).fill(1 + chance.int(255))

class Life {
  readonly disk: SimulatedDisk
  readonly #seed: number
  readonly #chance: Chance
  readonly #checksums: Checksums

  constructor(seed: number, kind: Kind, checksums: Checksums, fate = 0) {
    this.#seed = seed
    this.#chance = seeded(seed)
    this.#checksums = checksums
    this.disk = new SimulatedDisk(seeded(seed * 7 + fate), kind)
  }

  open(blockSize = 512): Promise<BlockStore> {
    return BlockStore.open({
      device: this.disk.device(),
      blockSize,
      sizes: { ...SIZES, segmentBytes: Math.max(SIZES.segmentBytes, blockSize) },
      checksums: this.#checksums,
      environment: simulatedEnvironment(this.#seed),
      slice: () => Promise.resolve(),
    })
  }

  /** A store after some commits, a part of them folded. */
  async begin(): Promise<{ store: BlockStore; old: Content }> {
    const chance = this.#chance
    const { blockSize, blocks } = randomContent(chance, 60)
    const store = await this.open(blockSize)
    const held = [...blocks]
    for (const [i, bytes] of held.entries()) store.write(i, bytes)
    await store.commit()
    for (let commits = chance.int(6); commits > 0; commits--) {
      const block = chance.int(held.length)
      held[block] = randomBlock(chance, blockSize)
      store.write(block, held[block])
      await store.commit()
      if (chance.chance(0.3)) await store.checkpoint()
    }
    await store.sync()
    return { store, old: { blockSize, blocks: held } }
  }
}

async function replaceBy(store: BlockStore, { blockSize, blocks }: Content): Promise<void> {
  const replacement = await store.replace(blockSize)
  try {
    for (const bytes of blocks) await replacement.append(bytes)
    const view = replacement.view().pin()
    const into = new Uint8Array(blockSize)
    for (const [i, bytes] of blocks.entries()) {
      view.read(i, into)
      if (!Buffer.from(into).equals(bytes)) throw new Error(`block ${i} reads wrong before it is in force`)
    }
    await replacement.commit()
  } catch (error) {
    if (!(error instanceof Crash)) await replacement.abandon()
    throw error
  }
}

function holds(store: BlockStore, { blockSize, blocks }: Content): boolean {
  if (store.blockSize !== blockSize || store.sizeBlocks !== blocks.length) return false
  return blocks.every((bytes, i) => Buffer.from(store.read(i)).equals(bytes))
}

/** True if the store holds `content`, takes more commits, and still holds all of it after it was opened again. */
async function usable(life: Life, store: BlockStore, content: Content): Promise<boolean> {
  if (!holds(store, content)) return false
  const blocks = [...content.blocks]
  for (let i = 0; i < 12; i++) {
    blocks[i % blocks.length] = new Uint8Array(content.blockSize).fill(200 + i)
    store.write(i % blocks.length, blocks[i % blocks.length]!)
    await store.commit()
  }
  await store.checkpoint()
  store.check()
  await store.close()
  const again = await life.open()
  const found = holds(again, { ...content, blocks })
  await again.close()
  return found
}

async function crashedAt(
  seed: number,
  kind: Kind,
  checksums: Checksums,
  point: number,
): Promise<'old' | 'new' | 'over'> {
  const life = new Life(seed, kind, checksums, point)
  const { store, old } = await life.begin()
  const next = randomContent(seeded(seed + 2), 80)
  life.disk.faults.crashAt = life.disk.operations + point
  let over = false
  try {
    await replaceBy(store, next)
    over = true
  } catch (error) {
    if (!(error instanceof Crash)) throw error
  }
  life.disk.faults.crashAt = Number.POSITIVE_INFINITY
  if (point % 8 === 0) life.disk.kill()
  else life.disk.powerCut()
  const opened = await life.open()
  const which = holds(opened, next) ? 'new' : 'old'
  if (over) expect(which, `seed ${seed}: a replacement that was acknowledged is there`).toBe('new')
  const content = which === 'new' ? next : old
  expect(await usable(life, opened, content), `seed ${seed}, point ${point}: ${which} is whole`).toBe(true)
  return over ? 'over' : which
}

test.each<Kind>(['kept', 'undone'])('on a disk of kind %s a crash leaves the old content or the new', async (kind) => {
  const checksums = await Checksums.load()
  const counts = { old: 0, new: 0, over: 0 }
  for (let seed = 1; seed <= LIVES; seed++) {
    for (let point = 1; ; point++) {
      const end = await crashedAt(seed, kind, checksums, point)
      counts[end]++
      if (end === 'over') break
    }
  }
  console.log(JSON.stringify({ kind, ...counts }))
  expect(counts.old).toBeGreaterThan(LIVES)
  expect(counts.new).toBeGreaterThan(LIVES)
})

test.each<Kind>(['kept', 'undone'])('on a disk of kind %s that fails, what is acknowledged counts', async (kind) => {
  const checksums = await Checksums.load()
  const counts = { replaced: 0, refused: 0 }
  for (let seed = 1; seed <= LIVES * 4; seed++) {
    const life = new Life(seed, kind, checksums)
    const { store, old } = await life.begin()
    const next = randomContent(seeded(seed + 2), 200)
    const before = life.disk.usedBytes
    const full = seed % 2 === 0
    if (full) life.disk.faults.quotaBytes = before + 1000 + seeded(seed).int(20_000)
    else Object.assign(life.disk.faults, { failSync: 0.1, failWrite: 0.02 })
    const failed = await replaceBy(store, next).then(
      () => undefined,
      (error: unknown) => error,
    )
    if (failed === undefined) counts.replaced++
    else counts.refused++
    Object.assign(life.disk.faults, { quotaBytes: Number.POSITIVE_INFINITY, failSync: 0, failWrite: 0 })
    if (failed === undefined && !store.latched) {
      expect(holds(store, next), `seed ${seed}`).toBe(true)
      await store.close()
    } else if (!store.latched) {
      expect(holds(store, old), `seed ${seed}`).toBe(true)
      expect(life.disk.usedBytes, `seed ${seed}: space is given back`).toBe(before)
      await store.close()
    } else {
      await store.close().catch(() => {})
      life.disk.kill()
    }
    const again = await life.open()
    const content = failed === undefined || holds(again, next) ? next : old
    if (failed !== undefined && full) expect(content, `seed ${seed}: the old content is whole`).toBe(old)
    expect(await usable(life, again, content), `seed ${seed}`).toBe(true)
  }
  expect(counts.replaced).toBeGreaterThan(5)
  expect(counts.refused).toBeGreaterThan(5)
})
