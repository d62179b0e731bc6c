import { failureOf } from '../../api/request-error.ts';
import { send } from '../../api/send.ts';

export interface Probe {
  readonly answers: boolean;
  /** When the first of the failures in a row was seen, in milliseconds. */
  readonly failsSince: number | undefined;
}

/** By path, for as long as the page is open: the suite keeps no record of its own outages. */
const failing = new Map<string, number>();

/**
 * Whether what serves a path answers at all. A refusal is an answer: a path that takes POST alone says 405 to a GET
 * without reading anything.
 */
export async function probe(path: string, signal: AbortSignal): Promise<Probe> {
  const answers = await send(path, { signal }).then(
    () => true,
    (error: unknown) => {
      if (signal.aborted) throw error;
      const { status } = failureOf(error);
      return status !== 0 && status < 500;
    },
  );
  if (answers) failing.delete(path);
  else if (!failing.has(path)) failing.set(path, Date.now());
  return { answers, failsSince: failing.get(path) };
}
