/** Simulated time: what happens, in order, with nothing waited for. */
export interface World {
  now(): number;
  /** @returns takes it back */
  at(time: number, action: () => void): () => void;
  /** Lets everything happen up to a time. */
  run(until: number): Promise<void>;
}

export const START = Date.parse('2026-07-01T00:00:00.000Z');

/** All promise work that is ready, however long its chains. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Entry {
  readonly time: number;
  readonly order: number;
  action: (() => void) | undefined;
}

const before = (a: Entry, b: Entry) => a.time < b.time || (a.time === b.time && a.order < b.order);

export function createWorld(): World {
  const heap: Entry[] = [];
  let time = START;
  let order = 0;

  function swap(i: number, j: number): void {
    const [a, b] = [heap[i], heap[j]];
    if (a && b) [heap[i], heap[j]] = [b, a];
  }
  const earlier = (i: number, j: number): boolean => {
    const [a, b] = [heap[i], heap[j]];
    return a !== undefined && b !== undefined && before(a, b);
  };
  function push(entry: Entry): void {
    heap.push(entry);
    for (let i = heap.length - 1; i > 0; ) {
      const parent = (i - 1) >> 1;
      if (!earlier(i, parent)) break;
      swap(i, parent);
      i = parent;
    }
  }
  function pop(): Entry | undefined {
    swap(0, heap.length - 1);
    const top = heap.pop();
    for (let i = 0; ; ) {
      let least = i;
      if (earlier(2 * i + 1, least)) least = 2 * i + 1;
      if (earlier(2 * i + 2, least)) least = 2 * i + 2;
      if (least === i) return top;
      swap(i, least);
      i = least;
    }
  }

  return {
    now: () => time,
    at(at, action) {
      const entry: Entry = { time: Math.max(at, time), order, action };
      order += 1;
      push(entry);
      return () => {
        entry.action = undefined;
      };
    },
    async run(until) {
      await settle();
      for (let next = heap[0]; next !== undefined && next.time <= until; next = heap[0]) {
        pop();
        if (next.action === undefined) continue;
        time = next.time;
        next.action();
        await settle();
      }
      time = until;
    },
  };
}

/** mulberry32: the same numbers for the same seed, from 0 up to but not including 1. */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
