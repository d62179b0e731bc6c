import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundleOf } from '#local/bundles.ts';
import { coldStart } from '../cold-start/start.ts';
import { createStoredFunction } from '../seats/postgres.ts';
import type { Server } from '../seats/server.ts';
import { type Scenario, storm } from '../seats/storm.ts';
import { type BareServers, measureBare, measureRequests } from './requests.ts';
import type { Column, Headline, Samples } from './samples.ts';
import { COLD, type Side } from './side.ts';
import { startTime } from './start-time.ts';

/** What is measured together, of each side in turn and of what they stand beside. */
export interface Measurement {
  readonly name: string;
  side(side: Side, column: Column): Promise<void>;
  baseline?(): Promise<void>;
}

export interface Surroundings {
  readonly samples: Samples;
  readonly bare: BareServers;
  /** Undefined where it is not installed. */
  readonly postgres: Server | undefined;
}

export const measurements = ({ samples, bare, postgres }: Surroundings): readonly Measurement[] => [
  {
    name: 'requests over HTTP',
    side: (side, column) => measureRequests(samples, column, side),
    baseline: () => measureBare(samples, bare),
  },
  ...STORMS.map((scenario) => stormOf(samples, scenario, postgres)),
  heartbeatsAtOnce(samples),
  verification(samples),
  envelope(samples),
  coldStarts(samples),
  nextStart(samples),
];

const STORMS: readonly Scenario[] = [
  { clients: 1_000, seats: 1_000, taken: 0 },
  { clients: 1_000, seats: 1_000, taken: 950 },
];

function stormOf(samples: Samples, scenario: Scenario, postgres: Server | undefined): Measurement {
  const { clients, seats, taken } = scenario;
  const name = `${clients.toLocaleString('en-GB')} machines at once on ${seats - taken} free of ${seats} seats`;
  const time = {
    name: `${name}, ms`,
    ...(postgres === undefined ? {} : { baseline: 'stored function in PostgreSQL' }),
  };
  return {
    name,
    async side(side, column) {
      const { total, granted, rpcs, commits } = await side.ask({ op: 'storm', scenario });
      if (granted !== seats - taken) throw new Error(`${granted} of ${seats - taken} free seats were granted`);
      samples.add(time, column, total);
      samples.add({ name: `${name}, RPCs` }, column, rpcs);
      samples.add({ name: `${name}, commits` }, column, commits);
    },
    ...(postgres === undefined
      ? {}
      : {
          baseline: async () =>
            samples.add(time, 'baseline', (await storm(createStoredFunction('stored', postgres), scenario)).total),
        }),
  };
}

const SESSIONS = 1_000;

function heartbeatsAtOnce(samples: Samples): Measurement {
  const name = `heartbeats of ${SESSIONS.toLocaleString('en-GB')} sessions at once`;
  const rate: Headline = { name: `${name}, a second`, more: true, baseline: 'an `update` each' };
  return {
    name,
    async side({ ask }, column) {
      const { ours, raw, rpcs } = await ask({ op: 'heartbeats', sessions: SESSIONS });
      samples.add(rate, column, (SESSIONS * 1_000) / ours);
      samples.add({ name: `${name}, RPCs` }, column, rpcs);
      if (column === 'after') samples.add(rate, 'baseline', (SESSIONS * 1_000) / raw);
    },
  };
}

const RAW = 'crypto.verify';

function verification(samples: Samples): Measurement {
  return {
    name: 'verification',
    async side({ ask }, column) {
      const micros = await ask({ op: 'verification' });
      for (const form of ['plain', 'jws', 'batch']) {
        const headline = { name: `verifying a licence, ${form}, µs`, baseline: RAW };
        samples.add(headline, column, micros[form] ?? Number.NaN);
        if (column === 'after') samples.add(headline, 'baseline', micros[RAW] ?? Number.NaN);
      }
    },
  };
}

const SIZES = [
  { label: '64 KiB', size: 64 * 1_024, rounds: 31 },
  { label: '10 MiB', size: 10 * 1_024 * 1_024, rounds: 15 },
];

function envelope(samples: Samples): Measurement {
  return {
    name: 'envelopes',
    async side({ ask }, column) {
      for (const { label, size, rounds } of SIZES) {
        const { raw, crc, ...ours } = await ask({ op: 'envelope', size, rounds });
        for (const operation of ['seal', 'open'] as const) {
          const baseline = 'AES-256-GCM, then CRC32C';
          const headline = { name: `${operation} ${label}, MB/s`, more: true, baseline };
          samples.add(headline, column, (size * 1_000) / ours[operation]);
          if (column === 'after') samples.add(headline, 'baseline', (size * 1_000) / (raw + crc));
        }
      }
    },
  };
}

/** From the bundle, with a compile cache as the image has it. */
function coldStarts(samples: Samples): Measurement {
  const first = (name: string) => ({
    name: `${name}, start to first answer, ms`,
    baseline: 'empty functions-framework',
  });
  const memory = (name: string) => ({ ...first(name), name: `${name}, MiB then` });
  const program = join(import.meta.dirname, '../http/bare.ts');
  return {
    name: 'cold starts',
    async side({ tree, coldEnvironment }, column) {
      for (const name of COLD) {
        const folder = join(tree, 'dist');
        const { took, resident } = await coldStart([bundleOf(folder, name)], '/health', coldEnvironment(name));
        samples.add(first(name), column, took);
        samples.add(memory(name), column, resident);
        samples.add(
          { name: `${name}, KiB of its bundle` },
          column,
          (await readFile(bundleOf(folder, name))).length / 1_024,
        );
      }
    },
    async baseline() {
      const { took, resident } = await coldStart([program, 'framework'], '/', { PATH: process.env['PATH'] });
      for (const name of COLD) {
        samples.add(first(name), 'baseline', took);
        samples.add(memory(name), 'baseline', resident);
      }
    },
  };
}

/** Long enough for a start to make the next one's bundle. */
const REST_MS = 10_000;

function nextStart(samples: Samples): Measurement {
  const prepared = new Set<string>();
  return {
    name: 'npm start',
    async side({ tree }, column) {
      if (!prepared.has(tree)) await startTime(tree, REST_MS);
      prepared.add(tree);
      samples.add({ name: '`npm start`, the second and later, ms until ready' }, column, await startTime(tree));
    },
  };
}
