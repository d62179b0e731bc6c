import { randomUUID } from 'node:crypto';
import { type KeyWrapper, seal } from '#shared/crypto/envelope.ts';
import { formatTime } from '#shared/license-format/time.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import type { Sensitive } from '#shared/model/sensitive.ts';
import { newTaskId, taskAssociatedData, taskObject } from '#shared/model/task.ts';
import type { JobStarter } from '#shared/store/jobs.ts';
import type { ObjectCreator, ObjectRemover } from '#shared/store/objects.ts';
import { type Attempt, type Claim, type Idempotency, NO_KEY } from './idempotency.ts';
import { UNKNOWN_EXECUTION } from './run-once.ts';
import type { TaskStart, Tasks } from './tasks.ts';

export interface CreateOptions {
  readonly wrapper: KeyWrapper;
  readonly objects: ObjectCreator & ObjectRemover;
  readonly tasks: Pick<Tasks, 'record' | 'setStart' | 'forget'>;
  readonly idempotency: Idempotency;
  readonly jobs: JobStarter;
  readonly clock: Clock;
}

export interface CreateRequest {
  readonly caller: string;
  /** JSON in UTF-8; wiped once it is sealed. */
  readonly payload: Sensitive<Buffer>;
  readonly run: boolean;
  readonly idempotencyKey: string | undefined;
  readonly log: Logger;
}

/** The response for a sealed task; it holds no secret. */
export interface CreatedTask {
  readonly task_id: string;
  readonly object: string;
  readonly key_version: string;
  readonly size: number;
  readonly sealed_at: string;
  readonly execution?: string;
}

/**
 * Seals a payload under a fresh task id, and starts its job if asked to.
 * @returns the response as JSON: a repeated request gets the same bytes
 * @throws Fault `idempotency_conflict`, `conflict`, `dependency_unavailable`: then no job was started, and no
 *   object is left unless removing it failed too
 */
export function createTaskCreation({ wrapper, objects, tasks, idempotency, jobs, clock }: CreateOptions) {
  return async (request: CreateRequest): Promise<string> => {
    const taskId = newTaskId();
    const plaintext = request.payload.reveal();
    try {
      const claim = await claimKey(request, taskId, plaintext);
      if (claim.kind === 'completed') return claim.response;
      const { attempt } = claim;
      const start = request.run ? newStart(clock.now(), attempt.fingerprint) : null;
      const task = await rollBackOnFailure(request, taskId, attempt, async () => {
        for (const abandoned of attempt.abandoned) await clear(abandoned);
        return sealInto(taskId, request.caller, plaintext, start);
      });
      return start === null ? await answer(task, attempt) : await startJob(request, task, start, attempt);
    } finally {
      plaintext.fill(0);
    }
  };

  async function clear(taskId: string): Promise<void> {
    await objects.remove(taskObject(taskId));
    await tasks.forget(taskId);
  }

  function claimKey({ caller, idempotencyKey: key, run }: CreateRequest, taskId: string, body: Buffer): Promise<Claim> {
    if (key === undefined) return Promise.resolve({ kind: 'started', attempt: NO_KEY });
    return idempotency.claim({ caller, key, body: [Uint8Array.of(Number(run)), body], taskId });
  }

  /** The record comes before the object, so that no object is without an owner. */
  async function sealInto(taskId: string, caller: string, plaintext: Buffer, start: TaskStart | null) {
    const { keyVersion: key_version, blob: bytes, crc32c } = await seal(plaintext, taskAssociatedData(taskId), wrapper);
    const now = clock.now();
    const state = start === null ? 'sealed' : 'started';
    const size = bytes.length;
    const end = { exit_code: null, ended_at: null };
    await tasks.record(taskId, { caller, sealed_at: now, size, key_version, state, start, ...end });
    const [object, sealed_at] = [taskObject(taskId), formatTime(now)];
    await objects.create({ name: object, bytes, crc32c, custom: { caller, key_version, sealed_at } });
    return { task_id: taskId, object, key_version, size, sealed_at };
  }

  async function answer(task: CreatedTask, attempt: Attempt): Promise<string> {
    const text = JSON.stringify(task);
    await saveResponse(task, attempt, text);
    return text;
  }

  /** The response is saved before the job is started, so a request that takes over after a crash starts no second job. */
  async function startJob(request: CreateRequest, task: CreatedTask, start: TaskStart, attempt: Attempt) {
    const { task_id } = task;
    const unknown = JSON.stringify({ ...task, execution: UNKNOWN_EXECUTION });
    await saveResponse(task, attempt, unknown);
    const outcome = await rollBackOnFailure(request, task_id, attempt, () => jobs.start(task_id, start.id));
    // From here on the job may run: the caller gets its answer even when recording it failed.
    const ignore = (error: unknown) => request.log.log('WARNING', 'execution_not_recorded', { task_id, error });
    if (outcome.kind === 'unknown') {
      request.log.log('WARNING', 'job_start_unknown', { task_id });
      await tasks.setStart(task_id, { ...start, unknown: true }).catch(ignore);
      return unknown;
    }
    const { execution } = outcome;
    const text = JSON.stringify({ ...task, execution });
    await tasks.setStart(task_id, { ...start, execution }).catch(ignore);
    await attempt.saveResponse(text).catch(ignore);
    return text;
  }

  /** After a `conflict` the attempt removes its own object. After an unknown outcome it may have won: the next removes it. */
  async function saveResponse(task: CreatedTask, attempt: Attempt, text: string): Promise<void> {
    try {
      await attempt.saveResponse(text);
    } catch (error) {
      if (isFault(error, 'conflict')) await objects.remove(task.object).catch(() => undefined);
      throw error;
    }
  }

  /** After a failure removes the saved response, then the object and its record. */
  async function rollBackOnFailure<T>(
    request: CreateRequest,
    taskId: string,
    attempt: Attempt,
    step: () => Promise<T>,
  ) {
    try {
      return await step();
    } catch (error) {
      const ignore = (failure: unknown) =>
        request.log.log('ERROR', 'task_not_undone', { task_id: taskId, error: failure });
      await attempt.release().catch(ignore);
      await clear(taskId).catch(ignore);
      throw error;
    }
  }
}

const newStart = (now: number, key: string | null): TaskStart => ({
  id: randomUUID(),
  requested_at: now,
  key,
  execution: null,
  unknown: false,
});
