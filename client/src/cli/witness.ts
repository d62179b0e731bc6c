import { spawn } from 'node:child_process';
import { PASSED_ON, type PassedOn } from './signals.ts';

/**
 * A process that stands beside the command and tells which signals reach it: in the same process group on a terminal,
 * in the same control group everywhere. What has reached it has reached the command as well, from the terminal's Ctrl-C,
 * a shell's `kill %1` or systemd's KillMode=control-group, and must not be passed on a second time.
 */
export interface Witness {
  /** Asks whether a signal that was received here has reached the command too. Waits a moment for the witness to speak. */
  saw(signal: PassedOn): Promise<boolean>;
  /** Settles when it stands there, or cannot. */
  readonly ready: Promise<void>;
  readonly pids: readonly number[];
  stop(): void;
}

/** As long as a busy machine may take to run a trap of the witness's, in milliseconds. */
const MOMENT = 300;

const NAMES = PASSED_ON.filter((name) => name !== 'SIGBREAK').map((name) => name.slice(3));

/**
 * POSIX sh. `wait` is what a trap interrupts at once; what is waited for is a reader of our pipe that ignores the signals
 * and ends with us.
 */
const SCRIPT = `
exec 3<&0
(trap '' ${NAMES.join(' ')}; exec cat <&3 >/dev/null 2>&1) &
reader=$!
${NAMES.map((name) => `trap 'echo SIG${name}' ${name}`).join('\n')}
echo "ready $reader"
while kill -0 $reader 2>/dev/null; do wait $reader; done
`;

/** @param detached whether the command has a session of its own, which no terminal's signals reach; the witness has one, too */
export function createWitness(detached: boolean): Witness {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { detached, stdio: ['pipe', 'pipe', 'ignore'], cwd: '/' });
  const waiting = new Map<string, number>();
  const listeners = new Set<() => void>();
  let reader: number | undefined;
  let text = '';
  let settle = () => {};
  const ready = new Promise<void>((resolve) => {
    settle = resolve;
  });
  child.on('error', settle); // no shell here: then nothing is seen, and every signal is passed on
  child.on('exit', settle);
  child.stdin.on('error', () => undefined);
  child.stdout.on('data', (chunk) => {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) {
      if (line.startsWith('ready ')) {
        reader = Number(line.slice('ready '.length));
        settle();
      } else waiting.set(line, (waiting.get(line) ?? 0) + 1);
    }
    for (const listener of listeners) listener();
  });

  function take(signal: string): boolean {
    const count = waiting.get(signal) ?? 0;
    waiting.set(signal, Math.max(0, count - 1));
    return count > 0;
  }

  return {
    ready,
    saw: (signal) =>
      new Promise((resolve) => {
        if (take(signal)) return resolve(true);
        const timer = setTimeout(() => done(false), MOMENT);
        const look = () => {
          if (take(signal)) done(true);
        };
        const done = (seen: boolean) => {
          clearTimeout(timer);
          listeners.delete(look);
          resolve(seen);
        };
        listeners.add(look);
        return undefined;
      }),
    get pids() {
      return [child.pid, reader].filter((pid) => pid !== undefined);
    },
    stop() {
      child.stdin.end();
      child.kill('SIGKILL');
      child.unref();
    },
  };
}
