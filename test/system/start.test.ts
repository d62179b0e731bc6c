import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { run, scratch } from './suite.ts';

const START = resolve(import.meta.dirname, '../../local/start.ts');
const started: ChildProcess[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
});

/** `npm start` as its own process, with state of its own. */
async function start(port: number) {
  const directory = await scratch();
  const child = spawn(process.execPath, [START], {
    // Without the emulator that tests share: this one is to start its own.
    env: { ...process.env, FIRESTORE_EMULATOR_HOST: '', PORT: String(port), LOCAL_DIRECTORY: directory },
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
  return { child, directory, ended, output: () => output };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** The processes that a process has started, and theirs. */
async function descendants(pid: number): Promise<number[]> {
  const { stdout } = await run('ps', ['-eo', 'pid=,ppid=']);
  const parents = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number));
  const below = (id: number): number[] =>
    parents.filter(([, parent]) => parent === id).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}

/** Those of the processes that still run; one that only waits to be collected by its parent does not. */
async function running(pids: readonly number[]): Promise<string[]> {
  const { stdout } = await run('ps', ['-o', 'stat=,args=', '-p', pids.join(',')]).catch(() => ({ stdout: '' }));
  return stdout.split('\n').filter((line) => line !== '' && !line.startsWith('Z'));
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
    expect(await (await fetch(`${stack.control}/calls`)).json()).toEqual({});

    const seat = await fetch(`${stack.gateway}/api/v1/licenses/acquire`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ license_key: stack.license_key, hardware_id: 'm' }),
    });
    expect(await seat.json()).toMatchObject({ seats_used: 1, seats_total: 10 });

    const children = await descendants(child.pid ?? 0);
    expect(children.length).toBeGreaterThan(0);
    child.kill('SIGTERM');
    expect((await ended)[0]).toBe(0);
    // The emulator's watcher ends when the pipe to us closes, which is a moment after our own end.
    await expect.poll(() => running(children)).toEqual([]);
    await expect(fetch(`${stack.gateway}/health`)).rejects.toThrow();
    await expect(readFile(join(directory, 'stack.json'))).rejects.toThrow();
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
    npm.kill('SIGTERM');
    await expect.poll(() => running(children), { timeout: 10_000 }).toEqual([]);
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
