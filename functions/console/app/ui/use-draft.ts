import { useCallback, useState } from 'preact/hooks';
import { kept } from '../session/kept.ts';

/**
 * What a person types into a form, kept in this tab until it is sent: a reload, a lost session and the way over an
 * identity provider's page lose nothing. For nothing secret.
 * @param name of the form and of what it is about
 */
export function useDraft<T extends object>(name: string, initial: T) {
  const key = `draft ${name}`;
  const [value, setValue] = useState<T>(() => ({ ...initial, ...read(key) }));
  const set = useCallback(
    (change: Partial<T>) =>
      setValue((before) => {
        const next = { ...before, ...change };
        kept.set(key, JSON.stringify(next));
        return next;
      }),
    [key],
  );
  const forget = useCallback(() => kept.remove(key), [key]);
  return [value, set, forget] as const;
}

function read(key: string): object {
  try {
    const value: unknown = JSON.parse(kept.get(key) ?? '{}');
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
