import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Recorder } from '#local/recorder.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';

/**
 * Lets the calls of all instances through one at a time in a random order, so that a seed decides which read comes
 * before which commit. Only reads may go together: their order makes no difference.
 */
export interface Gate {
  /** @param latency how many other calls its writes let pass, if there are as many. Default: none */
  guard(store: DocumentStore, latency?: number): DocumentStore;
  /** Lets other calls pass, if there are as many, and then time. */
  pass(after: { readonly calls: number; readonly milliseconds: number }): Promise<void>;
  /** Runs operations side by side until all of them have ended. */
  run<T>(operations: readonly (() => Promise<T>)[]): Promise<T[]>;
  /** Ends the faults, and applies the writes whose callers were answered `unknown` and that are still under way. */
  calm(): Promise<void>;
}

export interface GateOptions {
  readonly random: () => number;
  readonly recorder: Recorder;
  /** How many of 100 writes fail in some way. */
  readonly faults: number;
  /** Called at every turn, with the milliseconds that pass besides those of a call. */
  readonly onTurn: (milliseconds: number) => void;
}

interface Call {
  readonly kind: 'read' | 'write' | 'late' | 'time';
  /** The turn before which it is not sent while other calls wait. */
  readonly due: number;
  readonly milliseconds?: number;
  /** Sends the call. The function that it returns answers the caller, once all calls that were sent together are back. */
  readonly send: () => Promise<() => void>;
}

const TOGETHER = 0.7;
const LANDS = 0.25;
const READ_FAULTS = 0.1;

const FAULTS = [
  { code: 'UNAVAILABLE', lost: false },
  { code: 'ABORTED', lost: false },
  { code: 'DEADLINE_EXCEEDED', lost: false },
  { code: 'UNAVAILABLE', lost: true },
  { code: 'DEADLINE_EXCEEDED', lost: true },
  'late',
  'doubled',
] as const;

export function createGate({ random, recorder, onTurn, ...options }: GateOptions): Gate {
  let waiting: Call[] = [];
  let turns = 0;
  let { faults } = options;
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];

  const send = <T>(kind: 'read' | 'write', method: string, call: () => Promise<T>, latency = 0): Promise<T> =>
    new Promise((resolve, reject) => {
      const due = turns + latency;
      const land = { kind: 'late', due, send: () => call().then(nothing, nothing) } as const;
      const attempt = async () => {
        const fault = random() * 100 < (kind === 'read' ? faults * READ_FAULTS : faults) ? pick(FAULTS) : undefined;
        if (fault === 'late' && kind === 'write') {
          waiting.push(land);
          return () => reject(new CommitError('unknown', new Error('the answer did not come in time')));
        }
        if (fault === 'doubled' && kind === 'write') waiting.push(land);
        if (typeof fault === 'object') recorder.inject({ service: 'firestore', method, times: 1, ...fault });
        return call().then(
          (result) => () => resolve(result),
          (error: unknown) => () => reject(error),
        );
      };
      waiting.push({ kind, due, send: attempt });
    });

  /** One call, or several reads. Callers are answered one by one, so that their order does not depend on the network. */
  async function next(): Promise<void> {
    const first = Math.max(turns, Math.min(...waiting.map(({ due }) => due)));
    const ready = waiting.filter(({ due }) => due <= first);
    const chosen = pick(ready.filter(({ kind }) => kind !== 'late' || random() < LANDS));
    if (chosen === undefined) return;
    turns += 1;
    const beside = (call: Call) =>
      faults === 0 && chosen.kind === 'read' && call.kind === 'read' && random() < TOGETHER;
    const going = waiting.filter((call) => call === chosen || beside(call));
    waiting = waiting.filter((call) => !going.includes(call));
    onTurn(chosen.milliseconds ?? 0);
    for (const answer of await Promise.all(going.map(({ send }) => send()))) {
      answer();
      await turn();
    }
  }

  return {
    guard: (store, latency) => ({
      get: (paths) => send('read', 'BatchGetDocuments', () => store.get(paths)),
      query: (query) => send('read', 'RunQuery', () => store.query(query)),
      count: (query) => send('read', 'RunAggregationQuery', () => store.count(query)),
      commit: (writes) => send('write', 'Commit', () => store.commit(writes), latency),
      writeEach: (writes, raised) => send('write', 'BatchWrite', () => store.writeEach(writes, raised), latency),
    }),

    pass: ({ calls, milliseconds }) =>
      new Promise((resolve) => {
        waiting.push({ kind: 'time', due: turns + calls, milliseconds, send: async () => resolve });
      }),

    async run(operations) {
      let open = operations.length;
      const results = Promise.all(
        operations.map((operation) =>
          operation().finally(() => {
            open -= 1;
          }),
        ),
      );
      results.catch(nothing);
      while (open > 0) {
        await turn();
        // No call waits while an operation backs off.
        if (waiting.length === 0) await sleep(1);
        await next();
      }
      return results;
    },

    async calm() {
      faults = 0;
      const late = waiting;
      waiting = [];
      for (const { send } of late) (await send())();
    },
  };
}

const nothing = () => () => undefined;
