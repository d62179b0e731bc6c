import { randomBytes } from 'node:crypto';

/** Values under random names, each good once and for a while. */
export interface OneTime<T> {
  /** @returns the name */
  put(value: T): string;
  peek(name: string): T | undefined;
  take(name: string): T | undefined;
  all(): readonly (readonly [name: string, value: T])[];
}

/** @param lifetime milliseconds */
export function createOneTime<T>(lifetime: number): OneTime<T> {
  const kept = new Map<string, { readonly value: T; readonly until: number }>();
  const peek = (name: string) => {
    const found = kept.get(name);
    return found !== undefined && Date.now() < found.until ? found.value : undefined;
  };
  return {
    put(value) {
      const name = randomBytes(24).toString('base64url');
      kept.set(name, { value, until: Date.now() + lifetime });
      return name;
    },
    peek,
    take(name) {
      const value = peek(name);
      kept.delete(name);
      return value;
    },
    all: () => [...kept].map(([name, { value }]) => [name, value] as const),
  };
}
