import type { Clock } from '#shared/model/clock.ts';
import { taskObject } from '#shared/model/task.ts';
import type { ExecutionReader, ExecutionStatus } from '#shared/store/jobs.ts';
import type { ObjectFinder } from '#shared/store/objects.ts';
import type { RecordedTask, Task, TaskStart, Tasks } from './tasks.ts';

export interface ProgressOptions {
  readonly tasks: Pick<Tasks, 'find' | 'replace'>;
  readonly objects: ObjectFinder;
  readonly executions: ExecutionReader;
  readonly clock: Clock;
}

/** Milliseconds within which a request for a start has its answer, or has crashed. */
export const START_TAKES = 60_000;
/** Milliseconds after which a start without an execution certainly never took place. */
const START_IS_LATE = 300_000;
const TRIES = 3;

export type CurrentTask = (taskId: string) => Promise<RecordedTask | undefined>;

/**
 * Reads a task and finds out how far its job is. Cloud Run knows, also of a worker that was killed: the worker itself may
 * write nothing. What has ended is recorded, so that it is known after Cloud Run has forgotten the execution.
 * @throws Fault `dependency_unavailable`
 */
export function createProgress({ tasks, objects, executions, clock }: ProgressOptions): CurrentTask {
  return async (taskId) => {
    let read = await tasks.find(taskId);
    for (let attempt = 1; attempt < TRIES && read?.task.state === 'started'; attempt += 1) {
      const observed = await observe(read.id, read.task);
      if (observed === read.task) return read;
      const replaced = await tasks.replace(read, observed);
      if (replaced !== undefined) return replaced;
      read = await tasks.find(taskId); // another request has written what it saw
    }
    return read;
  };

  /** @returns the same object when there is nothing new */
  async function observe(taskId: string, task: Task): Promise<Task> {
    const { start } = task;
    if (start === null) return task;
    const age = clock.now() - start.requested_at;
    if (start.execution === null && !start.unknown && age < START_TAKES) return task;
    const execution = start.execution ?? (await executions.find(start.id));
    if (execution === undefined) return age < START_IS_LATE ? task : neverStarted(task);
    const status = (await executions.status(execution)) ?? (await endFromObject(taskId));
    return withStatus(task, { ...start, execution, unknown: false }, status);
  }

  /** Cloud Run has forgotten the execution. The worker deletes the object of a task that succeeded, and of no other. */
  async function endFromObject(taskId: string): Promise<ExecutionStatus> {
    const succeeded = (await objects.find(taskObject(taskId))) === undefined;
    return { kind: 'ended', succeeded, exitCode: succeeded ? 0 : undefined, endedAt: undefined };
  }
}

const neverStarted = (task: Task): Task => ({ ...task, state: 'sealed', start: null });

function withStatus(task: Task, start: TaskStart, status: ExecutionStatus): Task {
  if (status.kind === 'running') return task.start?.execution === start.execution ? task : { ...task, start };
  return {
    ...task,
    start,
    state: status.succeeded ? 'succeeded' : 'failed',
    exit_code: status.exitCode ?? null,
    ended_at: status.endedAt ?? null,
  };
}
