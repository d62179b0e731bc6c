import { Fault } from '../model/errors.ts';

/**
 * Group commit without a timer: a request that finds nothing under way goes at once and alone; those that arrive
 * while a group is under way wait for it and go together as the next one. An idle licence waits for nothing, and the
 * harder it is hit, the larger its groups are and the less each request costs.
 */
export interface Gatherer<Request, Result> {
  /**
   * @param key requests of the same key go together
   * @throws Fault `dependency_unavailable` when too many wait already; what the group throws
   */
  join(key: string, request: Request): Promise<Result>;
}

export interface GathererOptions<Request, Result> {
  /** Does the work of a group and answers for each of its requests, in order. */
  readonly run: (key: string, requests: readonly Request[]) => Promise<readonly Result[]>;
  /** The most requests in one group. */
  readonly maxGroup: number;
  /** The most requests waiting for one key. */
  readonly maxWaiting: number;
}

interface Waiting<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export function createGatherer<Request, Result>(options: GathererOptions<Request, Result>): Gatherer<Request, Result> {
  const queues = new Map<string, Waiting<Request, Result>[]>();

  async function drain(key: string, queue: Waiting<Request, Result>[]): Promise<void> {
    while (queue.length > 0) {
      const group = queue.splice(0, options.maxGroup);
      try {
        const results = await options.run(
          key,
          group.map(({ request }) => request),
        );
        if (results.length !== group.length) throw new TypeError('a group was not answered for each of its requests');
        results.forEach((result, index) => {
          group[index]?.resolve(result);
        });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    queues.delete(key);
  }

  return {
    join: (key, request) =>
      new Promise((resolve, reject) => {
        const waiting = { request, resolve, reject };
        const queue = queues.get(key);
        if (queue === undefined) {
          const fresh = [waiting];
          queues.set(key, fresh);
          void drain(key, fresh);
        } else if (queue.length >= options.maxWaiting) {
          reject(
            new Fault('dependency_unavailable', 'Too many requests are waiting for this licence.', { retryAfter: 1 }),
          );
        } else {
          queue.push(waiting);
        }
      }),
  };
}
