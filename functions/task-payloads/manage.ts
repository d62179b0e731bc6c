import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import { taskObject } from '#shared/model/task.ts';
import type { ObjectFinder, ObjectRemover } from '#shared/store/objects.ts';
import type { CurrentTask } from './progress.ts';
import type { Tasks } from './tasks.ts';

export interface TaskOperationsOptions {
  readonly objects: ObjectFinder & ObjectRemover;
  readonly tasks: Pick<Tasks, 'find' | 'replace'>;
  readonly current: CurrentTask;
}

const TRIES = 5;

/** Operations on a task by the service that owns it. Another owner's task is reported as not found. */
export function createTaskOperations({ objects, tasks, current }: TaskOperationsOptions) {
  return {
    /** Reads the record and metadata only, never the payload. @throws Fault `not_found`, `dependency_unavailable` */
    async status(taskId: string, caller: string) {
      const read = await current(taskId);
      if (read?.task.caller !== caller || read.task.state === 'deleted') throw noTask();
      const { sealed_at, size, key_version, state, exit_code, ended_at } = read.task;
      // A bucket removes what nobody ran; a worker that was started by hand, what it ran.
      if (state === 'sealed' && (await objects.find(taskObject(taskId))) === undefined) throw noTask();
      return {
        task_id: taskId,
        sealed_at: formatTime(sealed_at),
        size,
        key_version,
        state,
        ...(exit_code === null ? {} : { exit_code }),
        ...(ended_at === null ? {} : { ended_at: formatTime(ended_at) }),
      };
    },

    /** Idempotent. The object goes first: when recording that fails, a repeat finds the task. */
    async remove(taskId: string, caller: string): Promise<void> {
      for (let attempt = 1; attempt <= TRIES; attempt += 1) {
        const read = await tasks.find(taskId);
        if (read?.task.caller !== caller) throw noTask();
        await objects.remove(taskObject(taskId));
        if (read.task.state === 'deleted') return;
        if ((await tasks.replace(read, { ...read.task, state: 'deleted' })) !== undefined) return;
      }
      throw new Fault('dependency_unavailable', 'The task is changing. Try again.', { retryAfter: 1 });
    },
  };
}

export const noTask = () => new Fault('not_found', 'There is no task with this id.');
