import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#local/free-port.ts';
import type { Stack } from '#local/stack.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A function as Cloud Run runs it: a process of its own, with real time, on the stand-ins of a suite. */
export interface FunctionProcess {
  readonly port: number;
  readonly url: string;
  /** Bytes of memory that the process has had at most, its code and buffers included; Linux only, 0 elsewhere. */
  peak(): number;
  isRunning(): boolean;
  /** @returns the exit code, or the signal that ended it */
  stop(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
}

export async function startFunctionProcess(
  stack: Stack,
  name: string,
  { flags = [], env = {} }: { readonly flags?: readonly string[]; readonly env?: Record<string, string> } = {},
): Promise<FunctionProcess> {
  const port = await freePort();
  const child = spawn(process.execPath, [...flags, join(ROOT, 'functions', name, 'main.ts')], {
    env: { ...stack.environment(name), METADATA_SERVER_DETECTION: 'none', PORT: String(port), ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = once(child, 'exit').then(([code, signal]) => code ?? signal);
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await isHealthy(url)); tries += 1) {
    if (child.exitCode !== null || tries > 3_000) throw new Error(`${name} does not start`);
    await sleep(20);
  }
  return {
    port,
    url,
    peak: () => peakOf(child.pid),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    stop(signal) {
      child.kill(signal);
      return exited;
    },
  };
}

const isHealthy = (url: string): Promise<boolean> =>
  fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );

/** The high-water mark of the resident set (proc(5), VmHWM). */
function peakOf(pid: number | undefined): number {
  if (process.platform !== 'linux') return 0;
  const [, kibibytes = '0'] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kibibytes) * 1024;
}
