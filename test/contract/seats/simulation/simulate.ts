import type { Database } from '../database.ts';
import type { Sequence } from '../operations.ts';
import { type Decorate, play } from '../run.ts';
import { episode } from './episodes.ts';

export interface Simulation {
  readonly seed: number;
  /** The episode that is played first. */
  readonly from: number;
  /** No episode is begun once so many operations were run. */
  readonly operations: number;
  /** Episodes that are played side by side. */
  readonly workers: number;
  /** A Firestore with nothing in it, for some episodes one after the other. */
  readonly open: () => Promise<Database>;
  /** Episodes after which a worker opens another one. */
  readonly episodesADatabase: number;
  /** Wraps the stores of the instances. */
  readonly decorate?: Decorate;
  /** Called after every episode. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly operations: number;
  readonly episodes: number;
  /** Kills of an instance, callers that disconnected. */
  readonly killed: number;
  readonly disconnected: number;
  /** Every episode before this one was played. */
  readonly next: number;
  /** What is wrong, with the episode and its history. None is expected. */
  readonly violations: readonly Violation[];
}

export interface Violation {
  readonly episode: number;
  readonly broken: readonly string[];
  readonly history: readonly string[];
}

/**
 * Plays episodes until enough operations were run or one has gone wrong: each is a licence with random terms whose clients,
 * administrators and reaper act on several instances at once, with faults, lost answers, late writes, kills, callers that
 * disconnect, and clocks that differ. The store is checked after every step against all that was answered.
 */
export async function simulate(simulation: Simulation): Promise<Progress> {
  const { seed, from, workers } = simulation;
  const finished = new Set<number>();
  const violations: Violation[] = [];
  const counts = { operations: 0, episodes: 0, killed: 0, disconnected: 0 };
  let begun = from;
  let next = from;
  const progress = (): Progress => ({ ...counts, next, violations: [...violations] });

  async function run(database: Database, number: number): Promise<void> {
    const sequence = episode(seed, number);
    const { broken, history } = await play(database, sequence, simulation.decorate);
    counts.operations += operationsOf(sequence);
    counts.episodes += 1;
    counts.killed += history.filter((line) => line.includes('"kind":"kill"')).length;
    counts.disconnected += history.filter((line) => line.endsWith('-> disconnected')).length;
    if (broken.length > 0) violations.push({ episode: number, broken, history });
    finished.add(number);
    while (finished.delete(next)) next += 1;
    simulation.onProgress?.(progress());
  }

  async function work(): Promise<void> {
    const isEnough = () => violations.length > 0 || counts.operations >= simulation.operations;
    while (!isEnough()) {
      const database = await simulation.open();
      for (let played = 0; played < simulation.episodesADatabase && !isEnough(); played += 1) {
        await run(database, begun++);
        await database.wipe();
      }
      await database.close();
    }
  }

  await Promise.all(Array.from({ length: workers }, work));
  return progress();
}

const operationsOf = ({ steps }: Sequence): number =>
  steps.reduce((sum, step) => sum + (step.kind === 'together' ? step.operations.length : 0), 0);
