// Either superblock may be lost at any moment, so each one that is whole must lead to the same commit, alone as well as
// with the other.
import { BlockStore } from '../../src/store/block-store.ts'
import { SECTOR, SUPERBLOCK_AT } from '../../src/store/format.ts'
import { decodeSuperblock } from '../../src/store/superblock.ts'
import { seeded, simulatedEnvironment } from '../support/seeded.ts'
import type { SimulatedDisk } from '../support/simulated-disk.ts'
import { Broken, EMPTY } from './store-oracle.ts'
import type { Known } from './store-process.ts'
import type { World } from './store-world.ts'

export async function eachSuperblockAlone(world: World, disk: SimulatedDisk, { history }: Known): Promise<void> {
  const { checksums, shape, comparison, seed, tally } = world
  const whole = SUPERBLOCK_AT.map((at) => {
    const bytes = new Uint8Array(SECTOR)
    disk.peek('main', bytes, at)
    return decodeSuperblock(bytes, checksums).kind === 'valid'
  })
  const destroyed = [undefined, ...(whole[1] ? [SUPERBLOCK_AT[0]] : []), ...(whole[0] ? [SUPERBLOCK_AT[1]] : [])]
  const ends: number[] = []
  for (const at of destroyed) {
    const copy = disk.clone(seeded(seed))
    if (at !== undefined) copy.overwrite('main', new Uint8Array(SECTOR).fill(0xee), at)
    const store = await BlockStore.open({
      device: copy.device(),
      environment: simulatedEnvironment(1),
      blockSize: shape.blockSize,
      sizes: shape.sizes,
      checksums,
    })
    ends.push(store.sequence)
    const state = history[store.sequence] ?? EMPTY
    comparison.all(store.pin(), state, `the state with superblock ${at} destroyed`, false)
    if (at !== undefined) tally.superblockAlone++
  }
  if (ends.some((end) => end !== ends[0])) throw new Broken(`superblocks lead to different commits: ${ends}`)
}
