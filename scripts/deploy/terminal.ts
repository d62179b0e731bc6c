import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import { createRun, persistent, type Run } from '../release/command.ts';
import { createDryRun } from './dry-run.ts';

export const log = (line: string): void => void process.stdout.write(`${line}\n`);
export const pause = (seconds: number): Promise<void> => setTimeout(seconds * 1000);

/** @returns what is typed; the fallback for an empty line, and where nobody can type */
export async function ask(question: string, fallback = ''): Promise<string> {
  if (!process.stdin.isTTY) return fallback;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (
      (await terminal.question(fallback === '' ? `${question} ` : `${question} [${fallback}] `)).trim() || fallback
    );
  } finally {
    terminal.close();
  }
}

/** Nobody is there to agree where nothing can be typed: that is a no. */
export const approve = async (question: string): Promise<boolean> => /^y(es)?$/i.test(await ask(`${question} (y/N)`));

/** A build takes an hour at most, an apply half of that. Each command but those may be repeated. */
const LONGEST_SECONDS = 7200;

export function commands(dryRun: boolean): Run {
  if (dryRun) return createDryRun(log);
  const once = createRun(log, LONGEST_SECONDS);
  const repeated = persistent(once, pause);
  return (program, args, options) => (options?.show ? once : repeated)(program, args, options);
}
