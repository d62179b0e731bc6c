import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Recorder } from '#local/recorder.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';

/**
 * Lets the calls of all instances through one at a time in a random order, so that a seed decides which read comes
 * before which commit. Only reads may go together: their order makes no difference.
 */
export interface Gate {
  guard(store: DocumentStore): DocumentStore;
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
  /** Called at every turn. */
  readonly onTurn: () => void;
}

interface Call {
  readonly kind: 'read' | 'write' | 'late';
  readonly method: string;
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
  let { faults } = options;
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(random() * items.length)];

  const pass = <T>(kind: 'read' | 'write', method: string, call: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const land = { kind: 'late', method, send: () => call().then(nothing, nothing) } as const;
      const send = async () => {
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
      waiting.push({ kind, method, send });
    });

  /** One call, or several reads. Callers are answered one by one, so that their order does not depend on the network. */
  async function next(): Promise<void> {
    const chosen = pick(waiting.filter(({ kind }) => kind !== 'late' || random() < LANDS));
    if (chosen === undefined) return;
    const beside = (call: Call) =>
      faults === 0 && chosen.kind === 'read' && call.kind === 'read' && random() < TOGETHER;
    const going = waiting.filter((call) => call === chosen || beside(call));
    waiting = waiting.filter((call) => !going.includes(call));
    onTurn();
    for (const answer of await Promise.all(going.map(({ send }) => send()))) {
      answer();
      await turn();
    }
  }

  return {
    guard: (store) => ({
      get: (paths) => pass('read', 'BatchGetDocuments', () => store.get(paths)),
      query: (query) => pass('read', 'RunQuery', () => store.query(query)),
      count: (query) => pass('read', 'RunAggregationQuery', () => store.count(query)),
      commit: (writes) => pass('write', 'Commit', () => store.commit(writes)),
      writeEach: (writes, raised) => pass('write', 'BatchWrite', () => store.writeEach(writes, raised)),
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
