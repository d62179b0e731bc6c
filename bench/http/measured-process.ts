import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '#local/free-port.ts';
import type { Spent } from './probe.ts';

/** A server in a process of its own that tells what it spends. */
export interface MeasuredProcess {
  readonly port: number;
  begin(): Promise<void>;
  end(): Promise<Spent>;
  stop(): Promise<void>;
}

export interface MeasuredProgram {
  /** The file that Node runs. */
  readonly program: string;
  readonly args?: readonly string[];
  /** A free one if not given: should another process take it first, the next one is tried. */
  readonly port?: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** Where it writes its log, as Cloud Run has it: to a pipe or file that somebody else reads. */
  readonly log: string;
}

const PROBE = join(import.meta.dirname, 'probe.ts');

const ATTEMPTS = 3;

/** @throws Error when it ends, or does not answer within 20 s */
export async function startMeasured(program: MeasuredProgram): Promise<MeasuredProcess> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await startOn(program.port ?? (await freePort()), program);
    } catch (error) {
      if (program.port !== undefined || attempt === ATTEMPTS) throw error;
    }
  }
}

async function startOn(
  port: number,
  { program, args = [], flags = [], env, log }: MeasuredProgram,
): Promise<MeasuredProcess> {
  const output = openSync(log, 'w');
  const child = fork(program, args, {
    execArgv: [...flags, '--import', PROBE],
    env: { ...env, PORT: String(port), METADATA_SERVER_DETECTION: 'none' },
    stdio: ['ignore', output, 'inherit', 'ipc'],
  });
  await answering(child, port, program);
  const ask = async (message: string) => {
    const answer = once(child, 'message');
    child.send(message);
    return (await answer)[0];
  };
  return {
    port,
    begin: () => ask('begin'),
    end: () => ask('end'),
    async stop() {
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

async function answering(child: ChildProcess, port: number, program: string): Promise<void> {
  for (let tries = 0; tries < 1_000; tries += 1) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    if (child.exitCode !== null) break; // then what has answered is somebody else
    if (answer !== undefined) return;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`${program} does not answer`);
}
