/**
 * Process start to the first 200: from source, from the bundle, and from the bundle with Node's compile cache, filled
 * as the image's build fills it; and the memory of the process then. Every function against the same local Google Cloud,
 * one process at a time, the variants in turn, and a bare functions-framework (from source) before them. Exits with 1 when
 * a target is missed.
 *
 *     npm run bench cold-start [rounds [function ...]]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#local/free-port.ts';
import { FUNCTIONS } from '#local/functions.ts';
import { startStack } from '#local/stack.ts';
import { built } from './built.ts';
import { createReport } from './report.ts';

const ROOT = join(import.meta.dirname, '..');
const ROUNDS = Number(process.argv[2] ?? 5);
/** All of them, or those that are named. */
const NAMES = process.argv.slice(3);
const POLL_MS = 1;
const GIVE_UP_MS = 20_000;
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

async function firstAnswer(port: number, path: string, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + GIVE_UP_MS;
  const status = () =>
    new Promise<number>((resolve) => {
      const request = get({ host: '127.0.0.1', port, path, agent: false }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode ?? 0));
      });
      request.once('error', () => resolve(0));
    });
  for (;;) {
    const got = await status();
    if (got === 200) return;
    if (got !== 0) throw new Error(`${path} answered ${got}`);
    if (child.exitCode !== null || performance.now() > deadline) throw new Error(`no answer from ${path}`);
    await sleep(POLL_MS);
  }
}

interface Start {
  /** Milliseconds to the first answer. */
  readonly took: number;
  /** MiB of memory that the process has then, its code included; Linux only, else NaN. */
  readonly resident: number;
}

async function coldStart(
  command: readonly string[],
  path: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Start> {
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, command, { env: { ...env, PORT: String(port) }, stdio: 'ignore' });
  const ended = once(child, 'exit');
  try {
    await firstAnswer(port, path, child);
    const took = performance.now() - began;
    return { took, resident: await residentMiB(child.pid) };
  } finally {
    child.kill('SIGKILL'); // leaves no cache behind, so that each start finds what the image's build has left
    await ended;
  }
}

/** The resident set (proc(5), VmRSS). */
async function residentMiB(pid: number | undefined): Promise<number> {
  if (process.platform !== 'linux') return Number.NaN;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** As the image's build does: without its settings a function loads everything and ends cleanly. */
async function fillCache(command: string, cache: string): Promise<void> {
  const child = spawn(process.execPath, [command], { env: { NODE_COMPILE_CACHE: cache }, stdio: 'ignore' });
  const [status] = await once(child, 'exit');
  if (status !== 78) throw new Error(`${command} ended with ${status} and not with 78 (EX_CONFIG)`);
}

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
