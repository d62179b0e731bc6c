import { setTimeout as sleep } from 'node:timers/promises';

export type Answer = 'granted' | 'refused';

/** What a storm cost the store: requests to it, and how many of them were commits. */
export interface Costs {
  readonly rpcs: number;
  readonly commits: number;
}

/** One fresh licence in a store, with some of its seats taken. */
export interface Arena {
  /** One client's request for a seat. Throws when the answer is neither a seat nor a refusal. */
  claim(client: string): Promise<Answer>;
  /** How many sessions there are, whatever was answered. */
  holders(): Promise<number>;
  /** The costs since the arena was opened; undefined where they are not counted. */
  costs(): Costs | undefined;
  close(): Promise<void>;
}

/** A way to lend seats. */
export interface Contender {
  readonly name: string;
  open(seats: number, taken: number): Promise<Arena>;
}

/** All clients ask at the same moment. */
export interface Scenario {
  readonly clients: number;
  readonly seats: number;
  readonly taken: number;
}

export interface Storm {
  readonly granted: number;
  readonly refused: number;
  readonly failed: number;
  readonly oversold: number;
  /** Milliseconds until the last client's answer, or until the bound. */
  readonly total: number;
  /** Milliseconds each client waited that was answered. */
  readonly latencies: readonly number[];
  readonly costs: Costs | undefined;
}

/**
 * One storm on a fresh licence.
 * @param bound milliseconds after which clients without an answer count as failed
 */
export async function storm(contender: Contender, scenario: Scenario, bound?: number): Promise<Storm> {
  const { clients, seats, taken } = scenario;
  const arena = await contender.open(seats, taken);
  try {
    const latencies: number[] = [];
    const tally = { granted: 0, refused: 0 };
    const start = performance.now();
    const answers = Array.from({ length: clients }, async (_, index) => {
      const answer = await arena.claim(`client-${index}`);
      tally[answer] += 1;
      latencies.push(performance.now() - start);
    });
    const all = Promise.allSettled(answers);
    await (bound === undefined ? all : Promise.race([all, sleep(bound)]));
    const total = performance.now() - start;
    const { granted, refused } = tally;
    const oversold = Math.max(0, (await arena.holders()) - seats);
    return {
      ...{ granted, refused, failed: clients - granted - refused },
      ...{ oversold, total, latencies: [...latencies], costs: arena.costs() },
    };
  } finally {
    await arena.close();
  }
}

/** The value below which this share of the samples lies. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export const median = (samples: readonly number[]): number => quantile(samples, 0.5);

/** Several storms of one kind as one row: the most failures, and the median times and costs. */
export interface Summary {
  readonly scenario: Scenario;
  readonly name: string;
  readonly rounds: number;
  readonly granted: number;
  readonly refused: number;
  readonly failed: number;
  readonly oversold: number;
  readonly total: number;
  /** The totals of the fastest and of the slowest round. */
  readonly fastest: number;
  readonly slowest: number;
  readonly p50: number;
  readonly p99: number;
  readonly rpcsPerSeat: number | undefined;
  readonly commitsPerSeat: number | undefined;
}

export function summarise(name: string, scenario: Scenario, storms: readonly Storm[]): Summary {
  const latencies = storms.flatMap((one) => one.latencies);
  const perSeat = (count: (costs: Costs) => number) => {
    const shares = storms.flatMap(({ costs, granted }) => (costs === undefined ? [] : [count(costs) / granted]));
    return shares.length === 0 ? undefined : median(shares);
  };
  return {
    scenario,
    name,
    rounds: storms.length,
    granted: Math.min(...storms.map((one) => one.granted)),
    refused: Math.min(...storms.map((one) => one.refused)),
    failed: Math.max(...storms.map((one) => one.failed)),
    oversold: Math.max(...storms.map((one) => one.oversold)),
    total: median(storms.map((one) => one.total)),
    fastest: Math.min(...storms.map((one) => one.total)),
    slowest: Math.max(...storms.map((one) => one.total)),
    p50: quantile(latencies, 0.5),
    p99: quantile(latencies, 0.99),
    rpcsPerSeat: perSeat((costs) => costs.rpcs),
    commitsPerSeat: perSeat((costs) => costs.commits),
  };
}
