import type { Counter } from '#shared/store/store.ts';

/** What Firestore's increment does, and how often it was asked. */
export interface MemoryCounter extends Counter {
  calls(): number;
  /** The sum of a field over all documents. */
  total(field: string): number;
  fail(isDown: boolean): void;
}

export function memoryCounter(): MemoryCounter {
  const sums = new Map<string, number>();
  let [calls, isDown] = [0, false];
  return {
    calls: () => calls,
    total: (field) => [...sums].reduce((sum, [name, value]) => sum + (name.endsWith(`.${field}`) ? value : 0), 0),
    fail: (down) => {
      isDown = down;
    },
    async add(path, amounts) {
      calls += 1;
      if (isDown) throw new Error('the store is down');
      return amounts.map(([field, amount]) => {
        const sum = (sums.get(`${path}.${field}`) ?? 0) + amount;
        sums.set(`${path}.${field}`, sum);
        return sum;
      });
    },
  };
}
