import { Fault } from '#shared/model/errors.ts';
import { taskObject } from '#shared/model/task.ts';
import type { JobStarter } from '#shared/store/jobs.ts';
import type { ObjectFinder, ObjectMetadata, ObjectRemover } from '#shared/store/objects.ts';
import { UNKNOWN_EXECUTION } from './create.ts';
import type { Task, Tasks } from './tasks.ts';

export interface TaskOperationsOptions {
  readonly objects: ObjectFinder & ObjectRemover;
  readonly tasks: Pick<Tasks, 'find' | 'setState'>;
  readonly jobs: JobStarter;
}

/** Operations on a sealed task by the service that owns it. Another owner's task is reported as not found. */
export function createTaskOperations({ objects, tasks, jobs }: TaskOperationsOptions) {
  async function findSealed(taskId: string, caller: string): Promise<{ task: Task; object: ObjectMetadata }> {
    const [task, object] = await Promise.all([tasks.find(taskId), objects.find(taskObject(taskId))]);
    if (task?.caller !== caller || object === undefined) throw noTask();
    return { task, object };
  }

  return {
    /** Reads metadata only, never the payload. @throws Fault `not_found` after the worker has deleted the object */
    async status(taskId: string, caller: string) {
      const { task, object } = await findSealed(taskId, caller);
      const { sealed_at = '', key_version = '' } = object.custom;
      return { task_id: taskId, sealed_at, size: object.size, key_version, state: task.state };
    },

    async remove(taskId: string, caller: string): Promise<void> {
      const task = await tasks.find(taskId);
      if (task?.caller !== caller) throw noTask();
      await objects.remove(taskObject(taskId));
    },

    /** The object stays when the start fails. */
    async run(taskId: string, caller: string) {
      const { task } = await findSealed(taskId, caller);
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

const noTask = () => new Fault('not_found', 'There is no task with this id.');
