import { defineConfig } from 'vitest/config';

/**
 * Five kinds of test: pure and instant; one suite for every implementation of a port; test vectors; the running suite;
 * and what takes long: simulated weeks, large inputs, many random runs, model checking (`npm run test:soak`).
 */
const project = (name: string, timeout: number, firestore = false) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    setupFiles: ['test/setup/loopback-only.ts'],
    ...(firestore ? { globalSetup: ['test/setup/firestore.ts'] } : {}),
    testTimeout: timeout,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', 20_000),
      project('contract', 30_000, true),
      project('conformance', 20_000),
      project('system', 60_000, true),
      project('soak', 300_000),
    ],
    maxWorkers: 2,
  },
});
