import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

interface Options {
  readonly timeout: number;
  /** Default: those of the project's own folder that are not long. */
  readonly files?: readonly string[];
  /** What the tests of stores are played on. Default: the embedded Firestore. */
  readonly firestore?: 'embedded' | 'emulator';
  /** What is started once for all its tests, in test/setup/. */
  readonly setup?: string;
  /** One module registry for all files of a worker, not one a file: where most of the time is importing. */
  readonly shared?: true;
  /**
   * Real processes, browsers and leases of seconds: on a machine of continuous integration, which others use as well, such a
   * test has a second try. Each that needed it is named at the end (test/setup/report.ts), since it is a fault to look into.
   */
  readonly real?: true;
}

/** What takes long beside the tests of its kind: many processes, a browser, thousands of random requests. */
const LONG = '**/*.long.test.ts';

/** The tests of stores, which are played on both Firestores: on the embedded one daily, on Google's emulator with the long ones. */
const STORES = [
  'test/contract/gcp/firestore.test.ts',
  'test/contract/seats/{borrow,model,queue,storm}.test.ts',
  'test/contract/seats/subjects/*.test.ts',
];

/** Room for what is soon forgotten, of which a suite makes much: a tenth of the time went into collecting it. */
const YOUNG = ['--max-semi-space-size=64'];

/**
 * Five kinds of test: pure and instant; one suite for every implementation of a port; test vectors; the running suite;
 * and what takes long: simulated weeks, large inputs, model checking, and the long ones of the other kinds (`npm run test:soak`).
 */
const project = (name: string, { timeout, files, firestore = 'embedded', setup, shared, real }: Options) => ({
  test: {
    name,
    include: [...(files ?? [`test/${name}/**/*.test.ts`])],
    ...(files === undefined ? { exclude: [LONG] } : {}),
    setupFiles: ['test/setup/loopback-only.ts', 'test/setup/same-seeds.ts'],
    execArgv: YOUNG,
    globalSetup: ['test/setup/plain-python.ts', ...(setup ? [`test/setup/${setup}`] : [])],
    ...(shared ? { isolate: false } : {}),
    ...(real && process.env['CI'] ? { retry: 1 } : {}),
    provide: { firestore },
    testTimeout: timeout,
    hookTimeout: 60_000,
  },
});

/** Small files that take long. Vitest begins with the largest, and what begins last runs alone. */
const LONGEST = [
  ...['clients.long', 'system/authorisation', 'system/docs-examples', 'system/client', 'system/webhooks'],
  ...['system/faults', 'seats/model', 'seats/storm', 'system/after-copy'],
].map((name) => `/${name}.test.ts`);

/** The running suite first, and of each project what takes longest; a project is not left before its end, since its workers are not kept. */
const rank = ({ project, moduleId }: TestSpecification): number =>
  (project.name.endsWith('system') ? 0 : 2) + (LONGEST.some((name) => moduleId.endsWith(name)) ? 0 : 1);

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      project('unit', { timeout: 20_000, shared: true }),
      project('contract', { timeout: 30_000, shared: true }),
      project('conformance', { timeout: 20_000, shared: true }),
      project('system', { timeout: 60_000, setup: 'firestore.ts', shared: true, real: true }),
      project('soak', { timeout: 300_000 }),
      project('soak-contract', {
        ...{ timeout: 30_000, files: [`test/contract/${LONG}`, ...STORES], setup: 'emulator.ts', shared: true },
        firestore: 'emulator',
      }),
      project('soak-system', {
        ...{ timeout: 60_000, files: [`test/system/${LONG}`], setup: 'firestore.ts', shared: true, real: true },
      }),
    ],
    maxWorkers: 2,
    reporters: ['default', './test/setup/report.ts'],
  },
});
