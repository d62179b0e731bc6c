import { constants } from 'node:os';

/**
 * Every signal that a process can receive and that means something to a command. SIGKILL and SIGSTOP cannot be caught;
 * SIGTSTP, SIGTTIN and SIGTTOU stop us as they stop any program, and SIGCONT goes on. Node's own use of SIGUSR1, to
 * open a debugger port, ends where somebody listens to it.
 */
export const PASSED_ON = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGWINCH',
  'SIGCONT',
  'SIGBREAK',
] as const;
export type PassedOn = (typeof PASSED_ON)[number];

/** Those that end no program that does not listen to them. */
const HARMLESS: ReadonlySet<PassedOn> = new Set(['SIGWINCH', 'SIGCONT']);

/** The signals that this process receives. */
export interface SignalQueue {
  /** Aborted by the first signal that ends programs, as long as nobody takes the signals. */
  readonly ended: AbortSignal;
  /** 128 + the signal that aborted, as a shell has it. */
  status(): number;
  /** From now on signals go here, and end nothing. */
  take(receive: (signal: PassedOn) => void): void;
  stop(): void;
}

export function receiveSignals(): SignalQueue {
  const ending = new AbortController();
  let first: PassedOn | undefined;
  let receive = (signal: PassedOn): void => {
    if (HARMLESS.has(signal)) return;
    first ??= signal;
    ending.abort();
  };
  const listeners = PASSED_ON.filter((name) => name in constants.signals).map((name) => {
    const listener = () => receive(name);
    process.on(name, listener);
    return { name, listener };
  });
  return {
    ended: ending.signal,
    status: () => statusOf(first ?? 'SIGTERM'),
    take(receiver) {
      receive = receiver;
    },
    stop() {
      for (const { name, listener } of listeners) process.removeListener(name, listener);
    },
  };
}

/** As a shell has it. */
export const statusOf = (signal: NodeJS.Signals): number => 128 + (constants.signals[signal] ?? 0);
