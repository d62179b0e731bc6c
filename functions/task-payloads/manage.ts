import { Fault } from '#shared/model/errors.ts';
import { taskObject } from '#shared/model/task.ts';
import type { JobStarter } from '#shared/store/jobs.ts';
import type { ObjectFinder, ObjectMetadata, ObjectRemover } from '#shared/store/objects.ts';
import { UNKNOWN_EXECUTION } from './create.ts';
import type { Task, Tasks } from './tasks.ts';

export interface ManageOptions {
  readonly objects: ObjectFinder & ObjectRemover;
  readonly tasks: Pick<Tasks, 'find' | 'setState'>;
  readonly jobs: JobStarter;
}

/** What an owner can do with a task that is sealed. Others' tasks and none at all look the same. */
export function createManage({ objects, tasks, jobs }: ManageOptions) {
  async function resting(taskId: string, caller: string): Promise<{ task: Task; object: ObjectMetadata }> {
    const [task, object] = await Promise.all([tasks.find(taskId), objects.find(taskObject(taskId))]);
    if (task?.caller !== caller || object === undefined) throw noTask();
    return { task, object };
  }

  return {
    /** From metadata alone. @throws Fault `not_found` once the worker is done with it */
    async status(taskId: string, caller: string) {
      const { task, object } = await resting(taskId, caller);
      const { sealed_at = '', key_version = '' } = object.custom;
      return { task_id: taskId, sealed_at, size: object.size, key_version, state: task.state };
    },

    async remove(taskId: string, caller: string): Promise<void> {
      const task = await tasks.find(taskId);
      if (task?.caller !== caller) throw noTask();
      await objects.remove(taskObject(taskId));
    },

    /** The object stays whatever becomes of the start: it was there before. */
    async run(taskId: string, caller: string) {
      const { task } = await resting(taskId, caller);
      await tasks.setState(taskId, 'started');
      try {
        const start = await jobs.start(taskId);
        return { task_id: taskId, execution: start.kind === 'started' ? start.execution : UNKNOWN_EXECUTION };
      } catch (error) {
        await tasks.setState(taskId, task.state).catch(() => undefined);
        throw error;
      }
    },
  };
}

const noTask = () => new Fault('not_found', 'There is no such task.');
