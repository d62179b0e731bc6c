import { useRef, useState } from 'preact/hooks';
import { type Failure, failureOf } from './request-error.ts';
import { forgetAll } from './use-resource.ts';

export interface Act<A extends readonly unknown[], R> {
  readonly pending: boolean;
  readonly failure: Failure | undefined;
  /** @returns undefined when it failed; performing it again with the same arguments repeats the same act */
  readonly perform: (...args: A) => Promise<R | undefined>;
  readonly clear: () => void;
}

/**
 * Something that a person does through the API. Each attempt with the same arguments carries the same Idempotency-Key
 * until one succeeds, so that pressing again after a lost answer does nothing twice.
 */
export function useAct<A extends readonly unknown[], R>(
  act: (idempotencyKey: string, ...args: A) => Promise<R>,
): Act<A, R> {
  const [pending, setPending] = useState(false);
  const [failure, setFailure] = useState<Failure>();
  const attempt = useRef({ of: '', key: '' });
  const busy = useRef(false);

  async function perform(...args: A): Promise<R | undefined> {
    if (busy.current) return undefined;
    const of = JSON.stringify(args);
    if (attempt.current.of !== of) attempt.current = { of, key: crypto.randomUUID() };
    busy.current = true;
    setPending(true);
    setFailure(undefined);
    try {
      const result = await act(attempt.current.key, ...args);
      attempt.current = { of: '', key: '' };
      forgetAll();
      return result;
    } catch (error) {
      setFailure(failureOf(error));
      return undefined;
    } finally {
      busy.current = false;
      setPending(false);
    }
  }

  return { pending, failure, perform, clear: () => setFailure(undefined) };
}
