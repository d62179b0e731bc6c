import type { Farewell } from './platform.ts';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Nobody who pressed Ctrl-C waits for longer; what is not given back by then is free again after its lease. */
const EXIT_TIMEOUT = 2_000;

type ExitHandler = (how: Farewell) => Promise<void>;

/** Who has seats to give back. One set and one set of listeners for the process, however many seats it holds. */
const exitHandlers = new Set<ExitHandler>();
let ending = false;

async function runHandlers(): Promise<void> {
  const timeout = new Promise((resolve) => setTimeout(resolve, EXIT_TIMEOUT).unref());
  await Promise.race([Promise.allSettled([...exitHandlers].map((handler) => handler('wait'))), timeout]);
}

const onBeforeExit = () => {
  if (!ending) {
    ending = true;
    void runHandlers();
  }
};

/** A program with a listener of its own decides for itself when to end; without one the signal must still end it. */
const onSignal = (signal: NodeJS.Signals) => {
  const ours = process.listenerCount(signal) === 1;
  const again = ending;
  ending = true;
  const end = () => {
    process.removeListener(signal, onSignal);
    if (ours) process.kill(process.pid, signal);
  };
  if (again) end();
  else void runHandlers().then(end);
};

/** Gives back on `beforeExit` and on the signals that end a program. `process.exit()` cannot be waited for: release first. */
export function onProcessExit(handler: ExitHandler): () => void {
  if (exitHandlers.size === 0) {
    ending = false;
    process.on('beforeExit', onBeforeExit);
    for (const signal of SIGNALS) process.on(signal, onSignal);
  }
  exitHandlers.add(handler);
  return () => {
    exitHandlers.delete(handler);
    // While a signal is being answered its listener stays, or the end would come before the answer.
    if (exitHandlers.size > 0 || ending) return;
    process.removeListener('beforeExit', onBeforeExit);
    for (const signal of SIGNALS) process.removeListener(signal, onSignal);
  };
}
