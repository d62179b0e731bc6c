/**
 * Process start to the first 200: from source, from the bundle, and from the bundle with Node's compile cache, filled
 * as the image's build fills it; and the memory of the process then. Every function against the same local Google Cloud,
 * one process at a time, the variants in turn, and a bare functions-framework (from source) before them. Exits with 1 when
 * a target is missed.
 *
 *     npm run bench cold-start [rounds [function ...]]
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FUNCTIONS } from '#local/functions.ts';
import { startStack } from '#local/stack.ts';
import { built } from './built.ts';
import { coldStart, fillCache, type Start } from './cold-start/start.ts';
import { createReport } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
const ROUNDS = Number(process.argv[2] ?? 5);
/** All of them, or those that are named. */
const NAMES = process.argv.slice(3);
/** Of the bundle with its cache to the source, for those that people wait for. */
const TARGET = 0.7;
const HELD_TO_TARGET = ['seats', 'license-signing'];
const JWKS = '/.well-known/jwks.json';

interface Variant {
  readonly name: 'source' | 'bundle' | 'cached';
  readonly command: (name: string) => string;
  readonly env: Readonly<Record<string, string>>;
}

interface Subject {
  readonly name: string;
  readonly path: string;
}

const medianOf = (values: readonly number[]) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;

const report = createReport('cold-start');
await built();
const scratch = await mkdtemp(join(tmpdir(), 'countersign-cold-start-'));
const bundle = (name: string) => join(ROOT, 'dist', name, 'main.cjs');
const cache = join(scratch, 'cache');
const variants: readonly Variant[] = [
  { name: 'source', command: (name) => join(ROOT, 'functions', name, 'main.ts'), env: {} },
  { name: 'bundle', command: bundle, env: {} },
  { name: 'cached', command: bundle, env: { NODE_COMPILE_CACHE: cache } },
];
const subjects: readonly Subject[] = [
  ...FUNCTIONS.map(({ name }) => ({ name, path: '/health' })),
  { name: 'public-keys', path: JWKS },
].filter(({ name }) => NAMES.length === 0 || NAMES.includes(name));

/** Rounds outermost, so that a busy moment of the machine hits all alike. */
async function measure(environment: (name: string) => object) {
  const times = new Map<string, Start[]>();
  const bare: Start[] = [];
  const of = (subject: Subject, variant: Variant['name']) => {
    const key = `${subject.name} ${subject.path} ${variant}`;
    const list = times.get(key) ?? [];
    times.set(key, list);
    return list;
  };
  for (let round = 0; round < ROUNDS; round += 1) {
    bare.push(await coldStart([join(ROOT, 'bench/http/bare.ts'), 'framework'], '/', { PATH: process.env['PATH'] }));
    for (const subject of subjects) {
      const { name, path } = subject;
      const env = { ...environment(name), PATH: process.env['PATH'], METADATA_SERVER_DETECTION: 'none' };
      for (const variant of variants) {
        const took = await coldStart([variant.command(name)], path, { ...env, ...variant.env });
        of(subject, variant.name).push(took);
      }
    }
  }
  const timeOf = (starts: readonly Start[]) => medianOf(starts.map(({ took }) => took));
  return subjects.map((subject) => ({
    ...subject,
    source: timeOf(of(subject, 'source')),
    bundled: timeOf(of(subject, 'bundle')),
    cached: timeOf(of(subject, 'cached')),
    bare: timeOf(bare),
    resident: medianOf(of(subject, 'cached').map(({ resident }) => resident)),
  }));
}

type Row = Awaited<ReturnType<typeof measure>>[number];

function missed(rows: readonly Row[]): string[] {
  const slow = rows
    .filter(({ name, cached, source }) => HELD_TO_TARGET.includes(name) && cached > TARGET * source)
    .map(({ name }) => `${name}: more than ${TARGET} of its start from source`);
  const health = rows.filter(({ path }) => path === '/health').sort((a, b) => a.cached - b.cached);
  const first = health[0]?.name;
  return first === 'public-keys' ? slow : [...slow, `${first} starts sooner than public-keys`];
}

try {
  for (const name of new Set(subjects.map((subject) => subject.name))) await fillCache(bundle(name), cache);
  const stack = await startStack({ directory: join(ROOT, '.local', 'bench'), log: () => undefined });
  const rows = await measure(stack.environment).finally(() => stack.close());
  report.table(
    `Process start to first 200 in ms, medians of ${ROUNDS}`,
    rows.map(({ name, path, source, bundled, cached, bare, resident }) => ({
      function: name,
      path,
      source: Math.round(source),
      bundle: Math.round(bundled),
      'bundle + cache': Math.round(cached),
      'bundle / source': Number((bundled / source).toFixed(2)),
      'cached / source': Number((cached / source).toFixed(2)),
      'cached / bare functions-framework': Number((cached / bare).toFixed(2)),
      'MiB then': Math.round(resident),
    })),
  );
  report.finish();
  const faults = missed(rows);
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
} finally {
  await rm(scratch, { recursive: true, force: true });
}
