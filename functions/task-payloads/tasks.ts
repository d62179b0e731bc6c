import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { CommitError, type DocumentStore, type UpdateTime, type Write } from '#shared/store/store.ts';

const start = z.object({
  /** Names the start; the execution carries it. */
  id: z.string(),
  /** Milliseconds since the epoch. */
  requested_at: z.number(),
  /** Fingerprint of the Idempotency-Key with which it was asked for. */
  key: z.string().nullable(),
  /** Resource name, once it is known. */
  execution: z.string().nullable(),
  /** Cloud Run's answer was lost: whether there is an execution is found out later. */
  unknown: z.boolean(),
});

const fields = z.object({
  caller: z.string(),
  sealed_at: z.number(),
  size: z.number(),
  key_version: z.string(),
  /** `started`: a job was asked for and not refused. `deleted`: by its owner, who may repeat that. */
  state: z.enum(['sealed', 'started', 'succeeded', 'failed', 'deleted']),
  start: start.nullable(),
  exit_code: z.number().nullable(),
  ended_at: z.number().nullable(),
});

/** The latest start of a task's job. */
export type TaskStart = z.output<typeof start>;

/** What is recorded of a task; nothing of it comes from the payload. Times are milliseconds since the epoch. */
export type Task = z.output<typeof fields>;

/** A task as it was read; `replace` fails when it has changed since. */
export interface RecordedTask {
  readonly id: string;
  readonly task: Task;
  readonly updateTime: UpdateTime;
}

/**
 * Owner and state of each task. They are not metadata of the object, which the sealing account cannot change after it is
 * created, and which is gone when the task has succeeded.
 */
export interface Tasks {
  /** @throws Fault `dependency_unavailable`, as all of them do */
  record(taskId: string, task: Task): Promise<void>;
  find(taskId: string): Promise<RecordedTask | undefined>;
  /** @returns undefined when another request has changed the record since it was read */
  replace(read: RecordedTask, task: Task): Promise<RecordedTask | undefined>;
  /** Changes the start alone, whatever else has changed: only for the request that asked for it. */
  setStart(taskId: string, start: TaskStart): Promise<void>;
  forget(taskId: string): Promise<void>;
}

const DAY = 86_400_000;
/** Days for which a task's state is shown after its payload is gone. */
const SHOWN_DAYS = 7;
/** Days that a record outlives its object: those, and two by which a lifecycle rule may be late. */
const OUTLIVES_DAYS = SHOWN_DAYS + 2;
const ATTEMPTS = 3;

/** @param retentionDays after which the bucket deletes an object that no worker took */
export function createTasks(store: Pick<DocumentStore, 'get' | 'commit'>, clock: Clock, retentionDays: number): Tasks {
  const path = (taskId: string) => `tasks/${taskId}`;

  async function commit(write: Write): Promise<boolean> {
    try {
      await store.commit([write]);
      return true;
    } catch (error) {
      if (error instanceof CommitError) return false;
      throw error;
    }
  }

  /** For writes that may be applied twice. */
  async function commitAgain(write: Write): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) if (await commit(write)) return;
    throw unavailable();
  }

  async function find(id: string): Promise<RecordedTask | undefined> {
    const [document] = await store.get([path(id)]);
    return document && { id, task: fields.parse(document.fields), updateTime: document.updateTime };
  }

  return {
    record: (taskId, task) =>
      commitAgain({
        op: 'set',
        path: path(taskId),
        fields: { ...task },
        deleteAfter: clock.now() + (retentionDays + OUTLIVES_DAYS) * DAY,
      }),

    async find(taskId) {
      const found = await find(taskId);
      return found === undefined || shownUntil(found.task, retentionDays) <= clock.now() ? undefined : found;
    },

    async replace({ id, updateTime }, task) {
      for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
        await commit({ op: 'update', path: path(id), fields: { ...task }, lastUpdateTime: updateTime });
        // Read in any case: the next change needs the new time, and a failure code does not prove that it failed.
        const now = await find(id);
        if (now === undefined || isDeepStrictEqual(now.task, task)) return now;
        if (!isDeepStrictEqual(now.updateTime, updateTime)) return undefined;
      }
      throw unavailable();
    },

    setStart: (taskId, start) => commitAgain({ op: 'update', path: path(taskId), fields: { start } }),

    forget: (taskId) => commitAgain({ op: 'delete', path: path(taskId) }),
  };
}

/** A payload is gone when its task has succeeded; otherwise its bucket removes it. */
function shownUntil({ state, sealed_at, ended_at }: Task, retentionDays: number): number {
  const gone = state === 'succeeded' && ended_at !== null ? ended_at : sealed_at + retentionDays * DAY;
  return gone + SHOWN_DAYS * DAY;
}

const unavailable = () => new Fault('dependency_unavailable', 'The document store does not answer right now.');
