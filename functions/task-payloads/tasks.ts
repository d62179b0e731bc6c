import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { CommitError, type DocumentStore, type Write } from '#shared/store/store.ts';

/** `started`: starting a job was requested and not refused. */
export type TaskState = 'sealed' | 'started';

export interface Task {
  readonly caller: string;
  readonly state: TaskState;
}

/**
 * Owner and state of a task. They are not metadata of the object, which the sealing account cannot change after it is
 * created. The record outlives the object, so that its owner, and nobody else, can repeat a deletion.
 */
export interface Tasks {
  record(taskId: string, task: Task): Promise<void>;
  find(taskId: string): Promise<Task | undefined>;
  setState(taskId: string, state: TaskState): Promise<void>;
}

const DAY = 86_400_000;
/** Days that a record outlives its object: seven, and two by which a lifecycle rule may be late. */
const OUTLIVES_DAYS = 9;
const ATTEMPTS = 3;

/** @param retentionDays after which the bucket deletes an object that no worker took */
export function createTasks(store: Pick<DocumentStore, 'get' | 'commit'>, clock: Clock, retentionDays: number): Tasks {
  const keptFor = (retentionDays + OUTLIVES_DAYS) * DAY;
  const path = (taskId: string) => `tasks/${taskId}`;

  /** These writes are idempotent. */
  async function write(change: Write): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await store.commit([change]);
      } catch (cause) {
        if (!(cause instanceof CommitError) || attempt === ATTEMPTS) {
          throw new Fault('dependency_unavailable', 'The document store does not answer right now.', { cause });
        }
      }
    }
  }

  return {
    record(taskId, { caller, state }) {
      const fields = { caller, state };
      return write({ op: 'set', path: path(taskId), fields, deleteAfter: clock.now() + keptFor });
    },
    async find(taskId) {
      const [document] = await store.get([path(taskId)]);
      if (document === undefined) return undefined;
      const { caller, state } = document.fields;
      return { caller: String(caller), state: state === 'started' ? 'started' : 'sealed' };
    },
    setState: (taskId, state) => write({ op: 'update', path: path(taskId), fields: { state } }),
  };
}
