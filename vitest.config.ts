import { defineConfig } from 'vitest/config';

/** Four kinds of test: pure and instant; one suite for every implementation of a port; other people's vectors; the running suite. */
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
    ],
    maxWorkers: 2,
  },
});
