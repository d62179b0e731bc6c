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
import type { Tasks } from './tasks.ts';

export interface CreateOptions {
  readonly wrapper: KeyWrapper;
  readonly objects: ObjectCreator & ObjectRemover;
  readonly tasks: Pick<Tasks, 'record'>;
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

export const UNKNOWN_EXECUTION = 'unknown';

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
      const task = await rollBackOnFailure(request, taskId, attempt, async () => {
        if (attempt.abandoned !== undefined) await objects.remove(taskObject(attempt.abandoned));
        await tasks.record(taskId, { caller: request.caller, state: request.run ? 'started' : 'sealed' });
        return sealInto(taskId, request.caller, plaintext);
      });
      return request.run ? await startJob(request, task, attempt) : await answer(task, attempt);
    } finally {
      plaintext.fill(0);
    }
  };

  function claimKey({ caller, idempotencyKey: key, run }: CreateRequest, taskId: string, body: Buffer): Promise<Claim> {
    if (key === undefined) return Promise.resolve({ kind: 'started', attempt: NO_KEY });
    return idempotency.claim({ caller, key, body: [Uint8Array.of(Number(run)), body], taskId });
  }

  async function sealInto(taskId: string, caller: string, plaintext: Buffer): Promise<CreatedTask> {
    const sealed = await seal(plaintext, taskAssociatedData(taskId), wrapper);
    const object = taskObject(taskId);
    const sealed_at = formatTime(clock.now());
    const { keyVersion: key_version, blob: bytes, crc32c } = sealed;
    const { size } = await objects.create({ name: object, bytes, crc32c, custom: { caller, key_version, sealed_at } });
    return { task_id: taskId, object, key_version, size, sealed_at };
  }

  async function answer(task: CreatedTask, attempt: Attempt): Promise<string> {
    const text = JSON.stringify(task);
    await saveResponse(task, attempt, text);
    return text;
  }

  /** The response is saved before the job is started, so a request that takes over after a crash starts no second job. */
  async function startJob(request: CreateRequest, task: CreatedTask, attempt: Attempt): Promise<string> {
    const unknown = JSON.stringify({ ...task, execution: UNKNOWN_EXECUTION });
    await saveResponse(task, attempt, unknown);
    const start = await rollBackOnFailure(request, task.task_id, attempt, () => jobs.start(task.task_id));
    if (start.kind === 'unknown') {
      request.log.log('WARNING', 'job_start_unknown', { task_id: task.task_id });
      return unknown;
    }
    const text = JSON.stringify({ ...task, execution: start.execution });
    // The job runs, so the caller gets its name even when saving it failed.
    await attempt.saveResponse(text).catch((error: unknown) => {
      request.log.log('WARNING', 'execution_not_recorded', { task_id: task.task_id, error });
    });
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

  /** After a failure removes the saved response, then the object. */
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
      await objects.remove(taskObject(taskId)).catch(ignore);
      throw error;
    }
  }
}
