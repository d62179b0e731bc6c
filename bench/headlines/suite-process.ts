/**
 * The local Google Cloud of one tree of the project, this one or an earlier one, and what is measured without HTTP, in that
 * tree's own words: its benchmarks fit its own code. Asked over IPC by side.ts.
 *
 *     node suite-process.ts TREE DIRECTORY FIRESTORE_HOST
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type EnvelopeFormat, medianNanoseconds, operations } from '../envelope/operations.ts';
import type { Scenario } from '../seats/storm.ts';

/** What is asked; `Answers` says what comes back for each. */
export type SuiteRequest =
  | { readonly op: 'environment'; readonly name: string }
  | { readonly op: 'license'; readonly seats: number }
  | { readonly op: 'serviceToken' }
  | { readonly op: 'storm'; readonly scenario: Scenario }
  | { readonly op: 'heartbeats'; readonly sessions: number }
  | { readonly op: 'verification' }
  | { readonly op: 'envelope'; readonly size: number; readonly rounds: number };

export interface Answers {
  readonly environment: Record<string, string | undefined>;
  /** A licence key. */
  readonly license: string;
  readonly serviceToken: string;
  readonly storm: { readonly total: number; readonly granted: number; readonly rpcs: number; readonly commits: number };
  /** Milliseconds of ours, of an `update` each, and the RPCs of ours. */
  readonly heartbeats: { readonly ours: number; readonly raw: number; readonly rpcs: number };
  /** Microseconds a licence by form. */
  readonly verification: Record<string, number>;
  /** Nanoseconds a call. */
  readonly envelope: { readonly seal: number; readonly open: number; readonly raw: number; readonly crc: number };
}

const [tree = '', directory = '', host = ''] = process.argv.slice(2);

/** A module of that tree. Its exports are those of the types that we have, or an error where it is used. */
const load = (path: string) => import(pathToFileURL(join(tree, path)).href);

process.env['METADATA_SERVER_DETECTION'] = 'none';
// Where the handwritten client finds it.
process.env['FIRESTORE_EMULATOR_HOST'] = host;
const { startStack }: typeof import('#local/stack.ts') = await load('local/stack.ts');
const { createTokens, DEMO_TENANT }: typeof import('#local/tokens.ts') = await load('local/tokens.ts');
const stack = await startStack({ directory, port: 0, firestoreHost: host, log: () => undefined });
const tokens = await createTokens(stack);

async function license(seats: number): Promise<string> {
  const { createLicense } = await load('local/demonstration.ts');
  // At first a tenant's owner made licences, and now the vendor's staff does, for a tenant.
  const made = await (createLicense.length < 4
    ? createLicense(stack.gateway, tokens['owner'], seats)
    : createLicense(stack.gateway, tokens['staff'], DEMO_TENANT, seats));
  return made.license_key;
}

async function storm(scenario: Scenario): Promise<Answers['storm']> {
  const storms: typeof import('../seats/storm.ts') = await load('bench/seats/storm.ts');
  const { createOurs }: typeof import('../seats/ours.ts') = await load('bench/seats/ours.ts');
  const { total, granted, oversold, costs } = await storms.storm(
    createOurs({ name: '', host, instances: 1 }),
    scenario,
  );
  if (oversold > 0) throw new Error(`oversold by ${oversold}`);
  return { total, granted, rpcs: costs?.rpcs ?? Number.NaN, commits: costs?.commits ?? Number.NaN };
}

async function heartbeats(sessions: number): Promise<Answers['heartbeats']> {
  const module: typeof import('../seats/heartbeats.ts') = await load('bench/seats/heartbeats.ts');
  const [ours, raw] = await module.heartbeats(host, sessions, 1);
  return { ours: ours.total, raw: raw.total, rpcs: ours.rpcs };
}

async function verification(): Promise<Answers['verification']> {
  const module: typeof import('../signing/verification.ts') = await load('bench/signing/verification.ts');
  const { createSlowKms }: typeof import('../signing/kms.ts') = await load('bench/signing/kms.ts');
  const kms = await createSlowKms(0, 1_000);
  const rows = await module.verification(kms);
  await kms.close();
  return Object.fromEntries(rows.map(({ form, micros }) => [form, micros]));
}

async function envelope(size: number, rounds: number): Promise<Answers['envelope']> {
  const format: EnvelopeFormat = {
    ...(await load('shared/crypto/envelope.ts')),
    ...(await load('shared/crypto/crc32c.ts')),
  };
  const { seal, open, decrypt, crc } = await operations(size, format);
  const median = await medianNanoseconds({ seal, open, decrypt, crc }, size, rounds);
  return { seal: median('seal'), open: median('open'), raw: median('decrypt'), crc: median('crc') };
}

function answer(request: SuiteRequest): unknown {
  switch (request.op) {
    case 'environment':
      return stack.environment(request.name);
    case 'license':
      return license(request.seats);
    case 'serviceToken':
      return tokens['service'];
    case 'storm':
      return storm(request.scenario);
    case 'heartbeats':
      return heartbeats(request.sessions);
    case 'verification':
      return verification();
    case 'envelope':
      return envelope(request.size, request.rounds);
    default:
      return request satisfies never;
  }
}

process.on('message', async (request: SuiteRequest) => {
  try {
    process.send?.({ result: await answer(request) });
  } catch (error) {
    process.send?.({ error: error instanceof Error ? error.message : String(error) });
  }
});
process.once('disconnect', () => process.exit());
process.send?.({ result: 'ready' });
