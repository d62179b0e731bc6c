import { randomUUID } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import { taskObject } from '#shared/model/task.ts';
import type { JobStarter } from '#shared/store/jobs.ts';
import type { ObjectFinder } from '#shared/store/objects.ts';
import { type Attempt, type Idempotency, NO_KEY } from './idempotency.ts';
import { noTask } from './manage.ts';
import { type CurrentTask, START_TAKES } from './progress.ts';
import type { RecordedTask, Task, Tasks } from './tasks.ts';

export interface RunOnceOptions {
  readonly tasks: Pick<Tasks, 'find' | 'replace'>;
  readonly current: CurrentTask;
  readonly objects: ObjectFinder;
  readonly jobs: JobStarter;
  readonly idempotency: Idempotency;
  readonly clock: Clock;
  readonly sleep?: (milliseconds: number) => Promise<unknown>;
}

export interface RunRequest {
  readonly taskId: string;
  readonly caller: string;
  readonly idempotencyKey: string | undefined;
  readonly log: Logger;
}

export const UNKNOWN_EXECUTION = 'unknown';

/** Milliseconds between two looks at a start that another request has asked for, and how many there are. */
const LOOK = 150;
const LOOKS = 150;

/**
 * Starts the job of a sealed task, once: a task has one execution however often and on however many instances it is asked
 * for. The start is written into the task's record under a precondition before Cloud Run is asked; whoever loses that
 * race answers with the winner's execution. After a failure, a new Idempotency-Key starts a new execution.
 * @returns the response as JSON: a repeated request gets the same bytes
 * @throws Fault `task_ended`, `not_found`, `idempotency_conflict`, `idempotency_in_progress`; `dependency_unavailable`:
 *   then the job has certainly not started, and the task is as it was
 */
export function createRunOnce(options: RunOnceOptions): (request: RunRequest) => Promise<string> {
  const { tasks, current, objects, jobs, idempotency, clock, sleep = sleepFor } = options;

  return async (request) => {
    const { taskId, caller, idempotencyKey: key, log } = request;
    const startId = randomUUID();
    // Before the key is claimed: to others there is no task.
    if (key !== undefined && (await tasks.find(taskId))?.task.caller !== caller) throw noTask();
    const claim =
      key === undefined
        ? ({ kind: 'started', attempt: NO_KEY } as const)
        : await idempotency.claim({ caller, key, body: [`run ${taskId}`], taskId: startId });
    if (claim.kind === 'completed') return claim.response;
    const { attempt } = claim;
    try {
      const text = JSON.stringify(await runOnce(request, startId, attempt));
      // The task's record answers a repeat as well, so the response is not lost with this write.
      await attempt.saveResponse(text).catch((error: unknown) => log.log('WARNING', 'run_not_saved', { error }));
      return text;
    } catch (error) {
      await attempt.release().catch(() => undefined);
      throw error;
    }
  };

  async function runOnce(request: RunRequest, startId: string, { fingerprint }: Attempt) {
    const { taskId, caller } = request;
    for (let looks = 0; looks < LOOKS; looks += 1) {
      const read = await current(taskId);
      if (read === undefined || read.task.caller !== caller) throw noTask();
      switch (nextStep(read.task, fingerprint, clock.now())) {
        case 'refuse':
          throw ended();
        case 'none':
          throw noTask();
        case 'answer':
          return answerOf(read);
        case 'wait':
          await sleep(LOOK);
          break;
        case 'start': {
          const started = await start(request, read, startId, fingerprint);
          if (started !== undefined) return answerOf(started);
        }
      }
    }
    return { task_id: taskId, execution: UNKNOWN_EXECUTION };
  }

  /** @returns undefined when another request has changed the task first */
  async function start({ taskId, log }: RunRequest, read: RecordedTask, startId: string, key: string | null) {
    if ((await objects.find(taskObject(taskId))) === undefined) throw read.task.start === null ? noTask() : ended();
    const asked = { id: startId, requested_at: clock.now(), key, execution: null, unknown: false };
    const claimed = await tasks.replace(read, {
      ...read.task,
      state: 'started',
      start: asked,
      exit_code: null,
      ended_at: null,
    });
    if (claimed === undefined) return undefined;
    const outcome = await jobs.start(taskId, startId).catch(async (error: unknown) => {
      await tasks.replace(claimed, read.task).catch(() => undefined);
      throw error;
    });
    const execution = outcome.kind === 'started' ? outcome.execution : null;
    if (execution === null) log.log('WARNING', 'job_start_unknown', { task_id: taskId });
    const task = { ...claimed.task, start: { ...asked, execution, unknown: execution === null } };
    // The job may run, so the caller gets its name even when recording it failed: the execution is found by its start.
    await tasks.replace(claimed, task).catch((error: unknown) => {
      log.log('WARNING', 'execution_not_recorded', { task_id: taskId, error });
    });
    return { ...claimed, task };
  }
}

/** What a request to run does, from the task's record alone. */
export function nextStep(
  { state, start }: Task,
  fingerprint: string | null,
  now: number,
): 'start' | 'answer' | 'wait' | 'refuse' | 'none' {
  switch (state) {
    case 'sealed':
      return 'start';
    case 'started': {
      const isAskedFor = start?.execution === null && !start.unknown && now - start.requested_at < START_TAKES;
      return isAskedFor ? 'wait' : 'answer';
    }
    case 'failed':
      return fingerprint === null || fingerprint === start?.key ? 'answer' : 'start';
    case 'succeeded':
      return 'refuse';
    case 'deleted':
      return 'none';
    default:
      return state satisfies never;
  }
}

const answerOf = ({ id, task }: RecordedTask) => ({
  task_id: id,
  execution: task.start?.execution ?? UNKNOWN_EXECUTION,
});

const ended = () => new Fault('task_ended', 'Its payload is gone, so nothing can be run.');
