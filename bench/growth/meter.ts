import type { Ground } from '../seats/firestore.ts';

export const OPERATIONS = ['acquire', 'heartbeat', 'release'] as const;
export type Operation = (typeof OPERATIONS)[number];

/** Milliseconds of each operation, one after the other, and the RPCs of all of a kind. */
export interface Meter {
  readonly times: Readonly<Record<Operation, readonly number[]>>;
  readonly rpcs: Readonly<Record<Operation, number>>;
  timed<T>(operation: Operation, perform: () => Promise<T>): Promise<T>;
}

export function createMeter({ costs, forget }: Pick<Ground, 'costs' | 'forget'>): Meter {
  const times = { acquire: [] as number[], heartbeat: [] as number[], release: [] as number[] };
  const rpcs = { acquire: 0, heartbeat: 0, release: 0 };
  return {
    times,
    rpcs,
    async timed(operation, perform) {
      forget();
      const start = performance.now();
      const result = await perform();
      times[operation].push(performance.now() - start);
      rpcs[operation] += costs().rpcs;
      return result;
    },
  };
}

/** Two digits behind the point. */
export const round = (value: number) => Number(value.toFixed(2));
