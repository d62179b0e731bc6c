import { Fault } from '../model/errors.ts';

/**
 * Group commit without a timer. A request that finds no group in flight for its key runs at once and alone; requests
 * that arrive while a group is in flight wait and run together as the next group. An idle key never waits, and the
 * higher the load, the larger the groups and the lower the cost of each request.
 */
export interface GroupCommit<Request, Result> {
  /**
   * Runs a request in the next group of its key.
   * @param key requests with the same key share a group; at most one group a key is in flight
   * @returns the request's own result
   * @throws Fault `dependency_unavailable` when `maxWaiting` requests already wait; whatever the group's `run` throws
   */
  submit(key: string, request: Request): Promise<Result>;
  /** The same for requests that come together: the first group takes as many of them as it can. */
  submitAll(key: string, requests: readonly Request[]): Promise<Result>[];
}

export interface GroupCommitOptions<Request, Result> {
  /**
   * Processes one group. Returns one result a request, in the same order. The group is in flight until `run` resolves; a
   * result that is a promise may settle later, so that one slow request does not hold up the next group.
   */
  readonly run: (key: string, requests: readonly Request[]) => Promise<readonly (Result | PromiseLike<Result>)[]>;
  /** Maximum number of requests in one group. */
  readonly maxGroup: number;
  /** Maximum number of requests that wait for one key. */
  readonly maxWaiting: number;
}

interface Waiting<Request, Result> {
  readonly request: Request;
  readonly resolve: (result: Result | PromiseLike<Result>) => void;
  readonly reject: (error: unknown) => void;
}

export function createGroupCommit<Request, Result>(
  options: GroupCommitOptions<Request, Result>,
): GroupCommit<Request, Result> {
  const queues = new Map<string, Waiting<Request, Result>[]>();

  async function drain(key: string, queue: Waiting<Request, Result>[]): Promise<void> {
    while (queue.length > 0) {
      const group = queue.splice(0, options.maxGroup);
      try {
        const results = await options.run(
          key,
          group.map(({ request }) => request),
        );
        if (results.length !== group.length) throw new TypeError('run must return one result for each request');
        results.forEach((result, index) => {
          group[index]?.resolve(result);
        });
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    queues.delete(key);
  }

  function enter(
    inFlight: Waiting<Request, Result>[] | undefined,
    queue: Waiting<Request, Result>[],
    request: Request,
  ) {
    return new Promise<Result>((resolve, reject) => {
      const isFull = queue.length >= options.maxWaiting && (inFlight !== undefined || queue.length > 0);
      if (isFull) reject(new Fault('dependency_unavailable', 'Too many requests are waiting.', { retryAfter: 1 }));
      else queue.push({ request, resolve, reject });
    });
  }

  function run(key: string, queue: Waiting<Request, Result>[]): void {
    queues.set(key, queue);
    void drain(key, queue);
  }

  return {
    submit(key, request) {
      const inFlight = queues.get(key);
      const queue = inFlight ?? [];
      const result = enter(inFlight, queue, request);
      if (inFlight === undefined) run(key, queue);
      return result;
    },
    submitAll(key, requests) {
      const inFlight = queues.get(key);
      const queue = inFlight ?? [];
      const results = requests.map((request) => enter(inFlight, queue, request));
      if (inFlight === undefined && queue.length > 0) run(key, queue);
      return results;
    },
  };
}
