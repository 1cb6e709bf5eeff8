// What an open transaction remembers of a fresh segment becomes that segment's header, block for block.
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import { geometry } from '../../src/store/format.ts'
import { FreshBlocks } from '../../src/store/fresh-blocks.ts'

const SHARED = { sequence: 7, algorithm: 1, length: 4096, modifiedSeconds: 1_700_000_000 }

it.each([512, 4096, 65_536])(
  'blocks of %i bytes that were added and not deleted are in the header, no others',
  (size) => {
    const g = geometry(size)
    const index = fc.nat(g.blocksPerSegment - 1)
    const step = fc.record({ index, checksum: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), added: fc.boolean() })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const blocks = new FreshBlocks(g)
        const model = new Map<number, bigint>()
        for (const { index, checksum, added } of steps) {
          if (added) model.set(index, checksum)
          else model.delete(index)
          if (added) blocks.add(index, checksum)
          else blocks.delete(index)
        }
        const header = blocks.header(g, SHARED)
        for (let i = 0; i < g.blocksPerSegment; i++) {
          const checksum = model.get(i)
          expect(blocks.has(i)).toBe(checksum !== undefined)
          expect(header.entry(i)).toEqual(checksum === undefined ? undefined : { ...SHARED, checksum })
        }
      }),
    )
  },
)
