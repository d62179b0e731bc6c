import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ClientPackage, packClient } from './client-package.ts';
import { run, useSuite } from './suite.ts';

/** Packages that programs use beside the client; .ci/run installs them. */
const ECOSYSTEM = resolve(import.meta.dirname, '../../.local/ecosystem/node_modules');
const has = (name: string) => existsSync(join(ECOSYSTEM, name));

const suite = useSuite();
let client: ClientPackage;
let modules: string;
beforeAll(async () => {
  client = await packClient();
  modules = join(client.project, 'node_modules');
  for (const name of ['execa', 'ora', 'write-file-atomic', 'signal-exit', 'jest']) {
    if (has(name)) await symlink(join(ECOSYSTEM, name), join(modules, name));
  }
  await cp(client.folder, join(modules, 'second-copy'), { recursive: true });
});

const used = async (id: string): Promise<number> =>
  (await suite.send('GET', `/api/v1/licenses/${id}/usage`, undefined, 'owner')).body.seats_used;

const envOf = (license_key: string, rest: Record<string, string> = {}) => ({
  ...process.env,
  JEST_WORKER_ID: undefined,
  VITEST: undefined,
  XDG_STATE_HOME: join(client.project, 'state'),
  COUNTERSIGN_URL: suite.stack.gateway,
  COUNTERSIGN_LICENSE_KEY: license_key,
  COUNTERSIGN_ROOT_KEY: suite.stack.rootKey,
  ...rest,
});

/** `hold()` holds a seat where HOLD is set, and is nothing at all elsewhere: the program as it would be without us. */
const PREAMBLE = `
const hold = async (name = 'countersign-client') => {
  if (process.env.HOLD !== '1') return undefined;
  const { holdSeat, rootKey } = await import(name);
  return holdSeat({
    url: process.env.COUNTERSIGN_URL,
    licenseKey: process.env.COUNTERSIGN_LICENSE_KEY,
    product: 'default',
    keys: rootKey(process.env.COUNTERSIGN_ROOT_KEY),
  });
};
const ready = () => console.log('ready');
const serve = () => setInterval(() => {}, 1000);
`;

interface Ended {
  readonly by: string | number | null;
  readonly output: string;
}

/** Runs a program until it says that it is ready, and sends it signals. */
async function end(file: string, env: NodeJS.ProcessEnv, signals: readonly NodeJS.Signals[]): Promise<Ended> {
  const child = spawn(process.execPath, [file], { cwd: client.project, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (part) => {
      output += part;
    });
  }
  const ended = new Promise<Ended>((done) =>
    child.on('close', (status, signal) => done({ by: signal ?? status, output })),
  );
  while (!output.includes('ready') && child.exitCode === null) await sleep(20);
  for (const [index, signal] of signals.entries()) {
    if (index > 0) while (!output.includes('once more')) await sleep(20);
    child.kill(signal);
  }
  return ended;
}

const PROGRAMS: readonly (readonly [what: string, needs: string | undefined, program: string])[] = [
  ['nothing else', undefined, 'await hold(); serve(); ready();'],
  [
    'signal-exit, loaded before',
    'signal-exit',
    "const { onExit } = await import('signal-exit'); onExit(() => {}); await hold(); serve(); ready();",
  ],
  [
    'signal-exit, loaded after',
    'signal-exit',
    "await hold(); const { onExit } = await import('signal-exit'); onExit(() => {}); serve(); ready();",
  ],
  [
    'execa with a command under way',
    'execa',
    "const { execa } = await import('execa'); await hold(); execa('sleep', ['20']).catch(() => {}); ready();",
  ],
  [
    'ora with its spinner',
    'ora',
    "const { default: ora } = await import('ora'); const spinner = ora('x').start(); await hold(); serve(); ready();",
  ],
  [
    'write-file-atomic',
    'write-file-atomic',
    "const { default: write } = await import('write-file-atomic'); await hold(); await write('x.txt', 'x'); serve(); ready();",
  ],
  ['a second copy of the client', undefined, "await hold(); await hold('second-copy'); serve(); ready();"],
  [
    'a second copy, and signal-exit',
    'signal-exit',
    "await hold('second-copy'); const { onExit } = await import('signal-exit'); onExit(() => {}); await hold(); serve(); ready();",
  ],
  [
    'a listener that shuts down by itself',
    undefined,
    "const stop = () => setTimeout(() => process.exit(5), 100); for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(s, stop); await hold(); serve(); ready();",
  ],
  [
    'a listener that waits for the seat',
    undefined,
    "const seat = await hold(); for (const s of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(s, async () => { await seat?.release(); process.exit(6); }); serve(); ready();",
  ],
];
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

describe('a program ends by a signal as it would without us, and gives its seat back, beside', () => {
  for (const [index, [what, needs, program]] of PROGRAMS.entries()) {
    test.skipIf(needs !== undefined && !has(needs))(
      `${what}${needs === undefined ? '' : ` (needs ${needs})`}`,
      async () => {
        const { license_key, license_id } = await suite.license(1);
        const file = `ending-${index}.mjs`;
        await writeFile(join(client.project, file), PREAMBLE + program);
        for (const signal of SIGNALS) {
          const without = await end(file, envOf(license_key), [signal]);
          const held = await end(file, envOf(license_key, { HOLD: '1' }), [signal]);
          expect([signal, held]).toEqual([signal, without]);
          expect([signal, await used(license_id)]).toEqual([signal, 0]);
        }
      },
    );
  }

  test('a listener that goes on after the first signal', async () => {
    const { license_key, license_id } = await suite.license(1);
    const program = "await hold(); process.once('SIGINT', () => console.log('once more')); serve(); ready();";
    await writeFile(join(client.project, 'twice.mjs'), PREAMBLE + program);
    const ended = await end('twice.mjs', envOf(license_key, { HOLD: '1' }), ['SIGINT', 'SIGINT']);
    expect(ended).toEqual({ by: 'SIGINT', output: 'ready\nonce more\n' });
    expect(await used(license_id)).toBe(0);
  });
});

describe('several processes', () => {
  test('of a cluster, which the primary ends as PM2 does, with SIGINT: the last one gives the seat back', async () => {
    const { license_key, license_id } = await suite.license(1);
    const program = `
      import cluster from 'node:cluster';
      import { createServer } from 'node:http';
      if (cluster.isPrimary) {
        const workers = [cluster.fork(), cluster.fork(), cluster.fork()];
        let held = 0;
        let gone = 0;
        for (const worker of workers) {
          worker.on('message', () => { held += 1; if (held === workers.length) ready(); });
          worker.on('exit', (code, signal) => { console.log(code ?? signal); gone += 1; if (gone === workers.length) process.exit(0); });
        }
        process.on('SIGTERM', () => { for (const { process: { pid } } of workers) process.kill(pid, 'SIGINT'); });
      } else {
        createServer().listen(0);
        await hold();
        process.send('held');
      }`;
    await writeFile(join(client.project, 'cluster.mjs'), `${PREAMBLE}${program}`);
    const ended = await end('cluster.mjs', envOf(license_key, { HOLD: '1' }), ['SIGTERM']);
    expect(ended).toEqual({ by: 0, output: `ready\n${'SIGINT\n'.repeat(3)}` });
    expect(await used(license_id)).toBe(0);
  });

  test('of a cluster that disconnects: its workers have nothing left to do, and give the seat back', async () => {
    const { license_key, license_id } = await suite.license(1);
    const program = `
      import cluster from 'node:cluster';
      if (cluster.isPrimary) {
        const worker = cluster.fork();
        worker.on('message', () => { ready(); cluster.disconnect(); });
        worker.on('exit', (code, signal) => console.log(code ?? signal));
      } else {
        await hold();
        process.send('held');
      }`;
    await writeFile(join(client.project, 'disconnect.mjs'), `${PREAMBLE}${program}`);
    expect(await end('disconnect.mjs', envOf(license_key, { HOLD: '1' }), [])).toEqual({ by: 0, output: 'ready\n0\n' });
    expect(await used(license_id)).toBe(0);
  });

  test('one that is killed while the other goes on: the seat stays with who is left', async () => {
    const { license_key, license_id } = await suite.license(1);
    const program = `
      import { fork } from 'node:child_process';
      if (process.argv[2] !== 'child') {
        const child = fork(import.meta.filename, ['child']);
        await new Promise((done) => child.once('message', done));
        await hold();
        process.on('SIGTERM', async () => {
          child.kill();
          await new Promise((done) => child.once('exit', done));
          console.log('once more');
        });
        serve(); ready();
      } else {
        await hold();
        serve(); process.send('held');
      }`;
    await writeFile(join(client.project, 'fork.mjs'), `${PREAMBLE}${program}`);
    const child = spawn(process.execPath, ['fork.mjs'], {
      cwd: client.project,
      env: envOf(license_key, { HOLD: '1' }),
    });
    let output = '';
    child.stdout.on('data', (part) => {
      output += part;
    });
    const ended = new Promise((done) => child.on('close', (_status, signal) => done(signal)));
    while (!output.includes('ready')) await sleep(20);
    child.kill('SIGTERM');
    while (!output.includes('once more')) await sleep(20);
    expect(await used(license_id)).toBe(1);
    child.kill('SIGINT');
    expect(await ended).toBe('SIGINT');
    expect(await used(license_id)).toBe(0);
  });
});

describe.skipIf(!has('jest'))('Jest as it comes, CommonJS (needs jest)', () => {
  test('a test holds a seat and gives it back, and Jest ends by itself', async () => {
    const { license_key, license_id } = await suite.license(1);
    const folder = join(client.project, 'jest');
    await mkdir(folder);
    await writeFile(join(folder, 'package.json'), '{}');
    await writeFile(
      join(folder, 'seat.test.js'),
      `const { holdSeat, rootKey, SeatError, verifyLicense, memoryStorage } = require('countersign-client');
       test('a seat', async () => {
         const seat = await holdSeat({
           url: process.env.COUNTERSIGN_URL, licenseKey: process.env.COUNTERSIGN_LICENSE_KEY, product: 'default',
           keys: rootKey(process.env.COUNTERSIGN_ROOT_KEY), storage: memoryStorage(),
         });
         expect(seat.state).toBe('held');
         await seat.release();
         expect(seat.state).toBe('released');
       });
       test('what is refused', async () => {
         const options = { url: process.env.COUNTERSIGN_URL, licenseKey: 'CS-NONSENSE', product: 'default', keys: rootKey(process.env.COUNTERSIGN_ROOT_KEY), storage: memoryStorage() };
         await expect(holdSeat(options)).rejects.toThrow(SeatError);
         expect((await verifyLicense('nothing', rootKey(process.env.COUNTERSIGN_ROOT_KEY))).reason).toBe('malformed');
       });`,
    );
    const { stderr } = await run(process.execPath, [join(modules, 'jest/bin/jest.js'), '--rootDir', folder], {
      cwd: folder,
      env: envOf(license_key),
    });
    expect(stderr).toContain('2 passed');
    expect(stderr).not.toMatch(/did not exit|open handle/);
    expect(await used(license_id)).toBe(0);
  });
});
