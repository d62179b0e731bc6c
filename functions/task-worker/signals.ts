import { constants } from 'node:os';

/** Signals by which a platform or an operator stops the worker. */
const PASSED_ON = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

export interface Signals {
  /** The first signal received, if any. */
  received(): NodeJS.Signals | undefined;
  /** Forwards every further signal to this function. */
  pass(to: (signal: NodeJS.Signals) => void): void;
  stop(): void;
}

/** Handles the signals in place of Node, which would exit at once and leave the command running. */
export function captureSignals(from: Pick<NodeJS.Process, 'on' | 'off'> = process): Signals {
  let first: NodeJS.Signals | undefined;
  let passTo: (signal: NodeJS.Signals) => void = () => undefined;
  const on = (signal: NodeJS.Signals) => {
    first ??= signal;
    passTo(signal);
  };
  for (const signal of PASSED_ON) from.on(signal, on);
  return {
    received: () => first,
    pass(to) {
      passTo = to;
    },
    stop() {
      for (const signal of PASSED_ON) from.off(signal, on);
    },
  };
}

/** The exit status by which shells tell of an end by signal. */
export const statusOfSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
