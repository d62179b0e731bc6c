import { defineConfig } from 'vitest/config';

interface Options {
  readonly timeout: number;
  /** What is started once for all its tests, in test/setup/. */
  readonly setup?: string;
  /** One module registry for all files of a worker, not one a file: where most of the time is importing. */
  readonly shared?: true;
}

/**
 * Five kinds of test: pure and instant; one suite for every implementation of a port; test vectors; the running suite;
 * and what takes long: simulated weeks, large inputs, many random runs, model checking (`npm run test:soak`).
 */
const project = (name: string, { timeout, setup, shared }: Options) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    setupFiles: ['test/setup/loopback-only.ts'],
    ...(setup ? { globalSetup: [`test/setup/${setup}`] } : {}),
    ...(shared ? { isolate: false } : {}),
    testTimeout: timeout,
    hookTimeout: 60_000,
  },
});

export default defineConfig({
  test: {
    projects: [
      project('unit', { timeout: 20_000, shared: true }),
      project('contract', { timeout: 30_000, setup: 'emulator.ts', shared: true }),
      project('conformance', { timeout: 20_000, shared: true }),
      project('system', { timeout: 60_000, setup: 'firestore.ts', shared: true }),
      project('soak', { timeout: 300_000 }),
    ],
    maxWorkers: 2,
    reporters: ['default', './test/setup/report-skipped.ts'],
  },
});
