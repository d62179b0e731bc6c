import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';

const GRACE_MS = 5_000;
const OUTPUT_KEPT = 4_096;

/** A process that lives no longer than this one, however this one ends. */
export interface LeashedProcess {
  /** The end of what it has written to stdout and stderr. */
  output(): string;
  /** Resolves when it has ended, and whatever was started beside it too. */
  readonly ended: Promise<unknown>;
  /** SIGTERM, after five seconds SIGKILL; resolves as `ended` does. */
  stop(): Promise<void>;
}

/**
 * The shell becomes the program itself (`exec`), so that its pid and its exit are the program's. What stays beside it
 * is a subshell that reads our end of a pipe: when that closes, be it because we were killed with SIGKILL, it
 * kills the program. It keeps stderr open, so that the streams of the child close only when both are gone.
 */
const LEASH = `
exec 3<&0 </dev/null
(
  while read -r _; do :; done <&3
  kill -TERM $$ 2>/dev/null || exit 0
  tries=0
  while [ $tries -lt 50 ] && kill -0 $$ 2>/dev/null; do sleep 0.1; tries=$((tries + 1)); done
  kill -KILL $$ 2>/dev/null
) &
exec "$@" 3<&-
`;

/** Windows has no such shell: there the process outlives us if we are killed without warning. */
export function startLeashed(command: readonly string[]): LeashedProcess {
  const [program = '', ...args] =
    process.platform === 'win32' ? command : ['/bin/sh', '-c', LEASH, 'leash', ...command];
  // A session of its own: Ctrl-C in the terminal reaches us alone, and we stop it when nothing needs it any more.
  const child = spawn(program, args, { stdio: 'pipe', detached: process.platform !== 'win32' });
  const output = collect(child);
  const exited = once(child, 'exit').finally(() => child.stdin.destroy());
  const ended = once(child, 'close');
  exited.catch(() => undefined);
  ended.catch(() => undefined);
  child.stdin.on('error', () => undefined);
  return {
    output,
    ended,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await exited.finally(() => clearTimeout(timer));
      await ended;
    },
  };
}

function collect(child: ChildProcessByStdio<Writable, Readable, Readable>): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text = (text + chunk).slice(-OUTPUT_KEPT);
    });
  }
  return () => text;
}
