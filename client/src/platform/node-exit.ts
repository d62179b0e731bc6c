import { isMainThread, Worker } from 'node:worker_threads';
import type { ExitHandler, Farewell } from './platform.ts';

/** Nobody who pressed Ctrl-C waits for longer; what is not given back by then is free again after its lease. */
const LONGEST_WAIT = 2_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** What gives seats back when the process ends; one for the process, however many copies of this library it has loaded. */
interface ExitRegistry {
  /** @returns takes it back */
  add(handler: ExitHandler): () => void;
}

/**
 * Gives seats back when the program ends, and changes nothing else: it ends, or goes on, as it would without us.
 *
 * - `beforeExit`, and a signal that nobody else listens to: the seats are given back, then the program ends, by that
 *   signal.
 * - A signal that others listen to: they decide. Some libraries end the program only if nobody but them listens
 *   (signal-exit), so our listener is not there while they look.
 * - `exit`, and a program that kills itself: the last moment, in which nothing asynchronous happens any more. A thread
 *   gives the seats back, and is waited for.
 */
export function onProcessExit(handler: ExitHandler): () => void {
  const shared: unknown = Reflect.get(globalThis, REGISTRY);
  if (isRegistry(shared)) return shared.add(handler);
  const registry = createRegistry();
  Reflect.set(globalThis, REGISTRY, registry);
  return registry.add(handler);
}

const REGISTRY = Symbol.for('countersign-client/exit/1');
const isRegistry = (value: unknown): value is ExitRegistry =>
  typeof value === 'object' && value !== null && 'add' in value;

function createRegistry(): ExitRegistry {
  const handlers = new Set<ExitHandler>();
  let stopListening = () => {};
  let ending = false;

  async function releaseAll(): Promise<void> {
    const longest = new Promise((resolve) => setTimeout(resolve, LONGEST_WAIT).unref());
    await Promise.race([Promise.allSettled([...handlers].map((handler) => handler.release())), longest]);
  }

  function farewellAll(): void {
    const farewells = [...handlers].map((handler) => handler.farewell()).filter((one) => one !== undefined);
    handlers.clear();
    if (farewells.length > 0) sendAndWait(farewells, LONGEST_WAIT);
  }

  function listen(): () => void {
    const onBeforeExit = () => void releaseAll();
    const onSignal = (signal: NodeJS.Signals) => {
      const others = process.listeners(signal).filter((listener) => listener !== onSignal);
      if (others.length > 0) {
        process.removeListener(signal, onSignal);
        setImmediate(() => {
          if (stopListening === stop) process.prependListener(signal, onSignal);
        }).unref();
        return;
      }
      const end = () => {
        process.removeListener(signal, onSignal);
        kill(process.pid, signal);
      };
      // Another one, of somebody who does not want to wait, ends the program at once.
      if (ending) return end();
      ending = true;
      void releaseAll().then(end);
    };

    const { kill: original } = process;
    const kill = (pid: number, signal?: string | number) => original.call(process, pid, signal);
    /** A library that has taken its listeners away and kills the process itself leaves no other moment. */
    const killAfterFarewell: typeof process.kill = (pid, signal) => {
      if (pid === process.pid && typeof signal === 'string' && process.listenerCount(signal) === 0) farewellAll();
      return kill(pid, signal);
    };

    process.on('beforeExit', onBeforeExit);
    process.on('exit', farewellAll);
    // Jest's tests see a copy of `process`, whose signals would reach nobody.
    const signals = isMainThread && process.env['JEST_WORKER_ID'] === undefined ? SIGNALS : [];
    for (const signal of signals) process.prependListener(signal, onSignal);
    process.kill = killAfterFarewell;
    const stop = () => {
      process.removeListener('beforeExit', onBeforeExit);
      process.removeListener('exit', farewellAll);
      for (const signal of SIGNALS) process.removeListener(signal, onSignal);
      if (process.kill === killAfterFarewell) process.kill = original;
    };
    return stop;
  }

  return {
    add(handler) {
      if (handlers.size === 0) {
        ending = false;
        stopListening = listen();
      }
      handlers.add(handler);
      return () => {
        // While a signal is being answered its listener stays, or the end would come before the answer.
        if (!handlers.delete(handler) || handlers.size > 0 || ending) return;
        stopListening();
        stopListening = () => {};
      };
    },
  };
}

/** Plain JavaScript, since a thread without a file of its own is given its text. */
const SENDER = `
const { workerData: { farewells, timeout, done } } = require('node:worker_threads');
const send = ({ url, body }) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body, signal: AbortSignal.timeout(timeout) });
Promise.allSettled(farewells.map(send)).then(() => { Atomics.store(done, 0, 1); Atomics.notify(done, 0); });
`;

/** Posts from a thread while this one stands still: all that can be done when a process is at its last moment. */
function sendAndWait(farewells: readonly Farewell[], timeout: number): void {
  try {
    const done = new Int32Array(new SharedArrayBuffer(4));
    new Worker(SENDER, { eval: true, execArgv: [], workerData: { farewells, timeout, done } }).unref();
    Atomics.wait(done, 0, 0, timeout);
  } catch {
    // No threads here: the seats are free after their leases.
  }
}
