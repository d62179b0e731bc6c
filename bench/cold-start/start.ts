import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#local/free-port.ts';

const POLL_MS = 1;
const GIVE_UP_MS = 20_000;

export interface Start {
  /** Milliseconds to the first answer. */
  readonly took: number;
  /** MiB of memory that the process has then, its code included; Linux only, else NaN. */
  readonly resident: number;
}

/**
 * A process's start to its first 200 for a path; it is killed then, so that it leaves no compile cache behind.
 * @throws Error when it answers with another status, ends, or answers nothing for 20 s
 */
export async function coldStart(
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

/** The resident set (proc(5), VmRSS). */
async function residentMiB(pid: number | undefined): Promise<number> {
  if (process.platform !== 'linux') return Number.NaN;
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}

/** As the image's build does: without its settings a function loads everything and ends cleanly. */
export async function fillCache(command: string, cache: string): Promise<void> {
  const child = spawn(process.execPath, [command], { env: { NODE_COMPILE_CACHE: cache }, stdio: 'ignore' });
  const [status] = await once(child, 'exit');
  if (status !== 78) throw new Error(`${command} ended with ${status} and not with 78 (EX_CONFIG)`);
}
