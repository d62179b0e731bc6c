import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Flags of Node. */
  readonly flags?: readonly string[];
  /** Where it writes its log, as Cloud Run has it: to a pipe or file that somebody else reads. */
  readonly log: string;
}

const PROBE = join(import.meta.dirname, 'probe.ts');

export async function startMeasured({
  program,
  args = [],
  flags = [],
  port,
  env,
  log,
}: MeasuredProgram): Promise<MeasuredProcess> {
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
    if (answer !== undefined) return;
    if (child.exitCode !== null) break;
    await sleep(20);
  }
  throw new Error(`${program} does not answer`);
}
