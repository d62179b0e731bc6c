import { defineConfig } from 'vitest/config';

interface Options {
  readonly timeout: number;
  /** Whether its tests need the Firestore emulator. */
  readonly firestore?: true;
  /** One module registry for all files of a worker, not one a file: for pure tests, most of whose time is importing. */
  readonly shared?: true;
}

/**
 * Five kinds of test: pure and instant; one suite for every implementation of a port; test vectors; the running suite;
 * and what takes long: simulated weeks, large inputs, many random runs, model checking (`npm run test:soak`).
 */
const project = (name: string, { timeout, firestore, shared }: Options) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    setupFiles: ['test/setup/loopback-only.ts'],
    ...(firestore ? { globalSetup: ['test/setup/firestore.ts'] } : {}),
    ...(shared ? { isolate: false } : {}),
    testTimeout: timeout,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', { timeout: 20_000, shared: true }),
      project('contract', { timeout: 30_000, firestore: true }),
      project('conformance', { timeout: 20_000 }),
      project('system', { timeout: 60_000, firestore: true }),
      project('soak', { timeout: 300_000 }),
    ],
    maxWorkers: 2,
  },
});
