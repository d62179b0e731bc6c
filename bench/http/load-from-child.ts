import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Load, LoadResult } from './load.ts';

/** One load; see loadsFromChild. */
export async function loadFromChild(load: Load): Promise<LoadResult> {
  const [result] = await loadsFromChild([load]);
  if (result === undefined) throw new Error('a load has a result');
  return result;
}

/**
 * Sends loads at the same time from one fresh process, so that no run leaves its garbage to the next one.
 * @returns a result for each
 * @throws Error when that process ends without results
 */
export async function loadsFromChild(loads: readonly Load[]): Promise<readonly LoadResult[]> {
  const child = fork(join(import.meta.dirname, 'load-process.ts'));
  try {
    const ended = once(child, 'exit').then(([status]) => {
      throw new Error(`the load's process ended with ${status}`);
    });
    const answer = once(child, 'message');
    child.send(loads);
    return (await Promise.race([answer, ended]))[0];
  } finally {
    child.kill('SIGKILL');
  }
}
