import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { currentStartBundle } from '#local/start-bundle.mjs';
import { run, scratch } from './suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const START = join(ROOT, 'local/start.mjs');
const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

interface How {
  readonly directory?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** `npm start` as its own process, with state of its own. */
async function start(port: number, { directory, args = [], env = {} }: How = {}) {
  const folder = directory ?? (await scratch());
  const child = spawn(process.execPath, [START, ...args], {
    // Without the emulator that tests share: this one is to start its own.
    env: { ...process.env, FIRESTORE_EMULATOR_HOST: '', PORT: String(port), LOCAL_DIRECTORY: folder, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'exit');
  await new Promise<void>((done) => {
    child.stdout.on('data', () => /countersign is ready/.test(output) && done());
    void ended.then(() => done());
  });
  return { child, directory: folder, ended, output: () => output };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Process {
  readonly pid: number;
  readonly parent: number;
  /** `Z` for one that only waits to be collected by its parent. */
  readonly state: string;
}

/** Linux tells without `ps`, which a small container lacks. */
async function processes(): Promise<Process[]> {
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-eo', 'pid=,ppid=,stat=']);
    const lines = stdout.trim().split('\n');
    return lines
      .map((line) => line.trim().split(/\s+/))
      .map(([pid, parent, state = '']) => ({ pid: Number(pid), parent: Number(parent), state }));
  }
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const stats = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')));
  // The name of the program stands in parentheses and may hold anything.
  return stats.flatMap((stat, index) => {
    const [, state = '', parent] = /\) (\S) (\d+) [^)]*$/.exec(stat) ?? [];
    return parent === undefined ? [] : [{ pid: Number(pids[index]), parent: Number(parent), state }];
  });
}

/** The processes that a process has started, and theirs. */
async function descendants(pid: number): Promise<number[]> {
  const all = await processes();
  const below = (id: number): number[] =>
    all.filter(({ parent }) => parent === id).flatMap((child) => [child.pid, ...below(child.pid)]);
  return below(pid);
}

/** Those of the processes that still run. */
async function running(pids: readonly number[]): Promise<number[]> {
  const all = await processes();
  return all.filter(({ pid, state }) => pids.includes(pid) && !state.startsWith('Z')).map(({ pid }) => pid);
}

describe('npm start', () => {
  test('shows the main job, serves it, and leaves nothing behind', async () => {
    const port = await freePort();
    const { child, directory, ended, output } = await start(port);
    expect(output()).toMatch(/acquired .*\nverified .*offline.*\nreleased /);
    expect(output()).toContain(`countersign is ready on http://127.0.0.1:${port}\n`);
    const stack = JSON.parse(await readFile(join(directory, 'stack.json'), 'utf8'));
    expect(stack).toMatchObject({ gateway: `http://127.0.0.1:${port}`, tenant_id: 'demo' });
    expect(Object.keys(stack.tokens).sort()).toEqual([
      'admin',
      'foreign_service',
      'guest',
      'member',
      'other_tenant_owner',
      'owner',
      'scheduler',
      'service',
      'staff',
      'worker',
    ]);
    expect(await (await fetch(`${stack.gateway}/health`)).json()).toEqual({ status: 'ok' });
    // Usage is written a second after the demonstration's seat was taken.
    const calls: unknown = await (await fetch(`${stack.control}/calls`)).json();
    expect([{}, { 'firestore.BatchWrite': 1 }]).toContainEqual(calls);
    const page = await fetch(`${stack.gateway}/`);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const links = [...(await page.text()).matchAll(/href="([^"]+)"/g)].map(([, path]) => path);
    expect(links).toContain('/api/docs');
    for (const path of links) expect((await fetch(`${stack.gateway}${path}`)).status, path).toBe(200);

    const seat = await fetch(`${stack.gateway}/api/v1/licenses/acquire`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ license_key: stack.license_key, hardware_id: 'm' }),
    });
    expect(await seat.json()).toMatchObject({ seats_used: 1, seats_total: 10 });

    const children = await descendants(child.pid ?? 0);
    // Twice, as a terminal and npm tell it.
    child.kill('SIGINT');
    child.kill('SIGINT');
    expect((await ended)[0]).toBe(0);
    expect(output()).toMatch(/\nstopped\n$/);
    // The emulator's watcher ends when the pipe to us closes, which is a moment after our own end.
    await expect.poll(() => running(children), { timeout: 20_000 }).toEqual([]);
    await expect(fetch(`${stack.gateway}/health`)).rejects.toThrow();
    await expect(readFile(join(directory, 'stack.json'))).rejects.toThrow();
  });

  test('is bundled when it is ready, and the bundle is what starts the next time', { timeout: 200_000 }, async () => {
    const first = await start(await freePort());
    await expect.poll(() => currentStartBundle(ROOT), { timeout: 120_000 }).toBeDefined();
    first.child.kill('SIGINT');
    expect((await first.ended)[0]).toBe(0);
    const second = await start(await freePort());
    expect(second.output()).toMatch(/acquired .*\nverified .*offline.*\nreleased /);
    second.child.kill('SIGINT');
    expect((await second.ended)[0]).toBe(0);
  });

  test('ends with npm, whose signal it gets', async () => {
    const port = await freePort();
    const env = { ...process.env, FIRESTORE_EMULATOR_HOST: '', PORT: String(port), LOCAL_DIRECTORY: await scratch() };
    const cwd = resolve(import.meta.dirname, '../..');
    const npm = spawn('npm', ['start'], { cwd, env, stdio: ['ignore', 'pipe', 'ignore'] });
    started.push(npm);
    let output = '';
    await new Promise<void>((done) => {
      npm.stdout.on('data', (chunk) => {
        output += chunk;
        if (/countersign is ready/.test(output)) done();
      });
      npm.once('exit', () => done());
    });
    expect(output).toContain('countersign is ready');
    const children = await descendants(npm.pid ?? 0);
    const ended = once(npm, 'exit');
    npm.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    await expect.poll(() => running(children), { timeout: 10_000 }).toEqual([]);
    expect(output).toMatch(/\nstopped\n$/);
  });

  test('beside another in one folder keeps to itself, and clears what a killed one has left', async () => {
    const [portA, portB] = [await freePort(), await freePort()];
    const a = await start(portA);
    const { directory } = a;
    const stackOf = async (name: string) => JSON.parse(await readFile(join(directory, name), 'utf8'));
    const b = await start(portB, { directory });
    const second = `stack.${portB}.json`;
    expect(await stackOf('stack.json')).toMatchObject({ gateway: `http://127.0.0.1:${portA}` });
    expect(await stackOf(second)).toMatchObject({ gateway: `http://127.0.0.1:${portB}` });
    expect(await readdir(join(directory, 'run'))).toHaveLength(2);
    b.child.kill('SIGTERM');
    await b.ended;
    await expect(stackOf(second)).rejects.toThrow();
    expect(await stackOf('stack.json')).toMatchObject({ gateway: `http://127.0.0.1:${portA}` });

    a.child.kill('SIGKILL');
    await a.ended;
    const c = await start(portB, { directory });
    const stack = await stackOf('stack.json');
    expect(stack).toMatchObject({ gateway: `http://127.0.0.1:${portB}` });
    expect(await readdir(join(directory, 'run'))).toEqual([stack.project_id]);
    c.child.kill('SIGTERM');
    expect((await c.ended)[0]).toBe(0);
  }, 240_000);

  test('--data keeps documents, objects, keys and the time, also when it is killed', async () => {
    const data = join(await scratch(), 'kept');
    const args = ['--data', data];
    const post = async (url: string, body: object, token?: string) => {
      const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
      const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
      return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
    };
    const stackOf = async (directory: string) => JSON.parse(await readFile(join(directory, 'stack.json'), 'utf8'));
    const sessionIn = (body: unknown) => z.object({ session_id: z.string() }).parse(body).session_id;
    const kids = async (gateway: string) => (await fetch(`${gateway}/.well-known/jwks.json`)).json();

    const before = await start(await freePort(), { args });
    const one = await stackOf(before.directory);
    const { license_key } = one;
    const acquire = { license_key, hardware_id: 'm' };
    const seat = await post(`${one.gateway}/api/v1/licenses/acquire`, acquire);
    expect(seat.status).toBe(201);
    const upload = `${one.storage}/upload/storage/v1/b/${one.bucket_uploads}/o?uploadType=media&name=a%2Fb`;
    expect((await fetch(upload, { method: 'POST', body: 'what lasts' })).status).toBe(200);
    await post(`${one.control}/clock`, { advance_seconds: 60 });
    const keys = await kids(one.gateway);
    const second = await start(await freePort(), { args });
    expect((await second.ended)[0]).toBe(1);
    expect(second.output()).toContain(`${data} is in use by a suite that runs`);
    before.child.kill('SIGKILL');
    await before.ended;

    const after = await start(await freePort(), { args });
    const two = await stackOf(after.directory);
    expect(two).toMatchObject({ project_id: one.project_id, license_id: one.license_id, license_key });
    expect(await kids(two.gateway)).toEqual(keys);
    const again = await post(`${two.gateway}/api/v1/licenses/acquire`, acquire);
    expect(again).toMatchObject({ status: 200, body: { session_id: sessionIn(seat.body), seats_used: 1 } });
    const object = await fetch(`${two.storage}/storage/v1/b/${two.bucket_uploads}/o/a%2Fb?alt=media`);
    expect(await object.text()).toBe('what lasts');
    const clock = z.object({ now: z.string() }).parse(await (await fetch(`${two.control}/clock`)).json());
    expect(Date.parse(clock.now) - Date.now()).toBeGreaterThan(59_000);
    after.child.kill('SIGTERM');
    expect((await after.ended)[0]).toBe(0);
  }, 240_000);

  test.each([
    ['a port that is none', { env: { PORT: 'http' } }, /The port is 'http'/],
    ['an argument that it does not know', { args: ['--prot', '1'] }, /Unknown option '--prot'.*--port NUMBER/],
  ])('says what is wrong with %s', async (_, how, message) => {
    const { ended, output } = await start(0, how);
    expect((await ended)[0]).toBe(1);
    expect(output()).toMatch(message);
  });

  test('says when its port is taken, and ends', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const { ended, output } = await start(port);
    expect((await ended)[0]).toBe(1);
    expect(output()).toMatch(new RegExp(`Port ${port} is in use`));
    server.close();
  });
});

describe('a function by itself', () => {
  test('lists every fault of its environment and does not start', async () => {
    const main = resolve(import.meta.dirname, '../../functions/seats/main.ts');
    const env = { PATH: process.env['PATH'], PROJECT_ID: 'p', SIGNING_KEY: 'not a key' };
    const failed = run(process.execPath, [main], { env });
    await expect(failed).rejects.toMatchObject({ code: 78 });
    const { stderr } = await failed.catch((error) => error);
    expect(stderr).toContain('SERVICE_AUDIENCE: is not set');
    expect(stderr).toContain('TOKEN_ISSUER: is not set');
    expect(stderr).toContain('SIGNING_KEY: must be a crypto key resource name');
  });
});
