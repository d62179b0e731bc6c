import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { tenantId } from '../session/place.ts';
import { session } from '../session/session.ts';
import { requestsLeft } from './request.ts';
import { type Failure, failureOf } from './request-error.ts';

export interface Resource<T> {
  /** The newest that is known, perhaps of an earlier visit; undefined until something has arrived. */
  readonly data: T | undefined;
  /** Why the newest could not be fetched. */
  readonly failure: Failure | undefined;
  readonly loading: boolean;
  /** When the data arrived, in milliseconds. */
  readonly at: number | undefined;
  readonly reload: () => void;
}

interface Entry {
  readonly data: unknown;
  readonly at: number;
}

/** What was shown last, so that going back shows it at once while the newest is fetched. */
const cache = new Map<string, Entry>();
const MAX_ENTRIES = 60;

function keep(key: string, data: unknown): Entry {
  const entry = { data, at: Date.now() };
  cache.delete(key);
  cache.set(key, entry);
  for (const oldest of cache.keys()) {
    if (cache.size <= MAX_ENTRIES) break;
    cache.delete(oldest);
  }
  return entry;
}

/** After an act: what other screens have shown may be out of date. */
export const forgetAll = (): void => cache.clear();

/** Below this many requests left of the hour, live screens slow down so that acts still pass. */
const FEW = 150;
const MAX_PAUSE = 60_000;

/**
 * Data of the API for a screen.
 * @param name what is asked for; another name fetches anew, undefined fetches nothing
 * @param poll milliseconds between fetches while the page is visible; 0: fetched once
 */
export function useResource<T>(
  name: string | undefined,
  load: (signal: AbortSignal) => Promise<T>,
  poll = 0,
): Resource<T> {
  const person = session.value.state === 'signed_in' ? session.value.uid : '';
  const key = name === undefined ? undefined : `${person} ${tenantId.value ?? ''} ${name}`;
  const [, redraw] = useState(0);
  const [turn, setTurn] = useState(0);
  const status = useRef<{ key: string | undefined; loading: boolean; failure: Failure | undefined }>({
    key: undefined,
    loading: true,
    failure: undefined,
  });
  const loader = useRef(load);
  loader.current = load;
  // The period may follow from what was fetched, so it begins with the next pause and not with another fetch.
  const pausing = useRef(poll);
  pausing.current = poll;
  if (status.current.key !== key) status.current = { key, loading: key !== undefined, failure: undefined };

  useEffect(() => {
    if (key === undefined) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let failures = 0;

    const set = (loading: boolean, failure: Failure | undefined) => {
      status.current = { key, loading, failure };
      redraw((count) => count + 1);
    };
    const fetchOnce = async () => {
      try {
        const data = await loader.current(abort.signal);
        if (abort.signal.aborted) return;
        keep(key, data);
        failures = 0;
        set(false, undefined);
      } catch (error) {
        if (abort.signal.aborted) return;
        failures += 1;
        set(false, failureOf(error));
      }
      schedule();
    };
    const schedule = () => {
      const { failure } = status.current;
      const period = pausing.current > 0 ? pausing.current : failure?.code === 'offline' ? 5_000 : 0;
      if (period === 0) return;
      const slowed = (requestsLeft.peek() ?? FEW) < FEW ? Math.max(period, MAX_PAUSE) : period;
      const backedOff = Math.max(slowed, Math.min(slowed * 2 ** failures, MAX_PAUSE));
      const pause = Math.max(backedOff, (failure?.retryAfter ?? 0) * 1000);
      timer = setTimeout(() => {
        // A hidden page asks for nothing; it asks at once when it is looked at again.
        if (document.hidden)
          document.addEventListener('visibilitychange', () => void fetchOnce(), { once: true, signal: abort.signal });
        else void fetchOnce();
      }, pause);
    };

    void fetchOnce();
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [key, turn]);

  const reload = useCallback(() => {
    status.current = { ...status.current, loading: true, failure: undefined };
    setTurn((count) => count + 1);
  }, []);
  const entry = key === undefined ? undefined : cache.get(key);
  const { loading, failure } = status.current;
  return { data: entry?.data as T | undefined, at: entry?.at, loading, failure, reload };
}
