import { defineConfig } from 'vitest/config'

// Three projects, from fast to slow: unit and simulation run in Node alone, browser drives real browsers.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], testTimeout: 20_000 } },
      { test: { name: 'simulation', include: ['test/simulation/**/*.test.ts'], testTimeout: 600_000 } },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // Much of it waits for browsers that start, die or time out: two files at once, on any machine alike.
          maxWorkers: 2,
        },
      },
    ],
  },
})
