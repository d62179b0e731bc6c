import type { Clock } from '#shared/model/clock.ts';

/** An HTTP task as it was created. Times are milliseconds since the epoch. */
export interface Task {
  readonly name: string;
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly createdAt: number;
  /** When it is executed next. */
  readonly scheduledAt: number;
  /** Executions so far. */
  readonly dispatches: number;
}

export interface QueueOptions {
  readonly clock: Clock;
  /** Executes a task once. @returns whether the target answered 2xx */
  readonly execute: (task: Task) => Promise<boolean>;
}

export interface Queue {
  readonly tasks: ReadonlyMap<string, Task>;
  readonly paused: boolean;
  /** @returns false for a name that there is, or was within the last hour */
  add(task: Task): boolean;
  /** @returns false for a task that there is not */
  remove(name: string): boolean;
  pause(): void;
  resume(): void;
  /** Executes nothing more. Resolves when what is being executed has ended. */
  close(): Promise<void>;
}

/** For so long after a task is gone its name is refused; milliseconds. */
const NAME_KEPT = 3_600_000;
/** As terraform/modules/queue configures it; milliseconds. */
const MIN_BACKOFF = 5_000;
const MAX_BACKOFF = 300_000;
const MAX_IN_FLIGHT = 100;
/** Milliseconds of real time between two looks at the clock, which can be moved. */
const INTERVAL = 20;

/**
 * One queue. It begins paused: a suite on one machine does nothing by itself, so that whoever injects faults and counts
 * calls is not disturbed. Resumed, it executes what is due by the suite's clock, and what fails again after a while.
 */
export function createQueue({ clock, execute }: QueueOptions): Queue {
  const tasks = new Map<string, Task>();
  const gone = new Map<string, number>();
  const running = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;

  function look(): void {
    const now = clock.now();
    for (const task of tasks.values()) {
      if (running.size >= MAX_IN_FLIGHT) break;
      if (task.scheduledAt <= now && !running.has(task.name)) running.set(task.name, run(task));
    }
  }

  async function run(task: Task): Promise<void> {
    const succeeded = await execute(task).catch(() => false);
    running.delete(task.name);
    if (!tasks.has(task.name)) return;
    if (succeeded) {
      remove(task.name);
      return;
    }
    const wait = Math.min(MAX_BACKOFF, MIN_BACKOFF * 2 ** task.dispatches);
    tasks.set(task.name, { ...task, dispatches: task.dispatches + 1, scheduledAt: clock.now() + wait });
  }

  function remove(name: string): boolean {
    gone.set(name, clock.now());
    return tasks.delete(name);
  }

  function pause(): void {
    clearInterval(timer);
    timer = undefined;
  }

  return {
    tasks,
    get paused() {
      return timer === undefined;
    },
    add(task) {
      const goneAt = gone.get(task.name);
      if (tasks.has(task.name) || (goneAt !== undefined && goneAt > clock.now() - NAME_KEPT)) return false;
      tasks.set(task.name, task);
      return true;
    },
    remove,
    pause,
    resume() {
      timer ??= setInterval(look, INTERVAL);
    },
    async close() {
      pause();
      await Promise.all(running.values());
    },
  };
}
