import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#local/free-port.ts';

const GIVE_UP_MS = 90_000;

/**
 * Milliseconds that `npm start` of a tree takes until it says that it is ready, each time with the Firestore that the tree
 * takes by itself. It is stopped then, as Ctrl-C does.
 * @param rest milliseconds that it is left to run before, so that the first one can prepare the next
 * @throws Error with its output when it does not become ready
 */
export async function startTime(tree: string, rest = 0): Promise<number> {
  const { FIRESTORE: _, FIRESTORE_EMULATOR_HOST: __, ...env } = process.env;
  const program = ['local/start.mjs', 'local/start.ts'].find((file) => existsSync(join(tree, file))) ?? '';
  const port = await freePort();
  const began = performance.now();
  const child = spawn(process.execPath, ['--max-semi-space-size=64', join(tree, program)], {
    cwd: tree,
    env: { ...env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'exit');
  let output = '';
  const ready = new Promise<number>((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk) => {
        output += String(chunk);
        if (output.includes('is ready on')) resolve(performance.now() - began);
      });
    }
  });
  const stop = new AbortController();
  try {
    const late = sleep(GIVE_UP_MS, undefined, { signal: stop.signal });
    const took = await Promise.race([ready, ended.then(() => undefined), late.catch(() => undefined)]);
    if (took === undefined) throw new Error(`npm start did not become ready:\n${output}`);
    await sleep(rest);
    return took;
  } finally {
    stop.abort();
    child.kill('SIGINT');
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(force);
  }
}
