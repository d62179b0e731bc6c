import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll } from 'vitest';
import { type ClientPackage, packClient } from './client-package.ts';
import type { Suite } from './suite.ts';

/** Asks until it is so; the test's own time limit is the end of patience. */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await condition())) await sleep(50);
}

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The packed client, and programs that have it, for the tests of a file. To be used from hooks and tests. */
export function useClient(suite: Suite) {
  let packed: ClientPackage | undefined;
  beforeAll(async () => {
    packed = await packClient();
  });
  const client = (): ClientPackage => {
    if (packed === undefined) throw new TypeError('the client is packed only within hooks and tests');
    return packed;
  };

  /** Starts a Node with the package in reach, and listens to what it says. */
  function start(args: readonly string[], env: Record<string, string> = {}, node = process.execPath) {
    const { project } = client();
    const state = join(project, 'state');
    const child = spawn(node, args, { cwd: project, env: { ...process.env, XDG_STATE_HOME: state, ...env } });
    const said = { stdout: '', stderr: '' };
    child.stdout.on('data', (part) => {
      said.stdout += part;
    });
    child.stderr.on('data', (part) => {
      said.stderr += part;
    });
    const ended = new Promise<Ended>((done) => {
      child.on('close', (status, signal) => done({ status, signal, ...said }));
    });
    return { child, said, ended };
  }

  return {
    client,
    start,
    /** Runs `countersign` to its end. */
    command: (args: readonly string[], env: Record<string, string> = {}) =>
      start([join(client().folder, 'countersign.js'), ...args], env).ended,
    async seatsUsed(licenseId: string): Promise<number> {
      return (await suite.send('GET', `/api/v1/licenses/${licenseId}/usage`, undefined, 'owner')).body.seats_used;
    },
    async acquire(license_key: string, rest: object = {}) {
      return (await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'm', ...rest })).body;
    },
  };
}
