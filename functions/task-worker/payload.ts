import { randomUUID } from 'node:crypto';
import { type KeyUnwrapper, open } from '#shared/crypto/envelope.ts';
import { DeletionDeniedError, isFault } from '#shared/model/errors.ts';
import { taskAssociatedData, taskObject } from '#shared/model/task.ts';
import type { ObjectLabeller, ObjectReader, ObjectRemover } from '#shared/store/objects.ts';
import { type ClaimOptions, claimTask, takenOver } from './claim.ts';

export interface PayloadPorts {
  readonly objects: ObjectLabeller & ObjectReader & ObjectRemover;
  readonly unwrapper: KeyUnwrapper;
}

/** Who runs the task, so that no two executions do. */
export type Execution = Pick<ClaimOptions, 'holder' | 'clock' | 'sleep'>;

/**
 * Claims a task, opens its payload, calls `work` with it, and deletes the object when `work` succeeds. The object stays
 * while the work runs and when it fails, so a task runs at least once, and a task without an object has succeeded. Two
 * executions never run a task together; one that crashed is succeeded when its claim is over.
 *
 * @param work must not keep the buffer: it is overwritten with zeros when the work ends. The signal is aborted when
 *   another execution has taken over, because this one could not renew its claim
 * @throws whatever the work throws; Fault `not_found` when there is no object or no permission to read it, `conflict`
 *   while another execution runs the task, `envelope_invalid`, and `dependency_unavailable`, after the work too when the
 *   object could not be deleted
 */
export async function withPayload<T>(
  { objects, unwrapper }: PayloadPorts,
  taskId: string,
  work: (payload: Buffer, lost: AbortSignal) => Promise<T>,
  execution: Execution,
): Promise<T> {
  const name = taskObject(taskId);
  const claim = await claimTask(name, { objects, ...execution });
  let done = false;
  try {
    const { bytes, generation } = await objects.read(name);
    const payload = await open(bytes, taskAssociatedData(taskId), unwrapper);
    const result = await lend(payload, claim.lost, work);
    await shred(objects, name, generation);
    done = true;
    return result;
  } finally {
    await claim.release(!done);
  }
}

/** Opening may take as long as KMS does, and another execution may have taken the task over meanwhile. */
async function lend<T>(
  payload: Buffer,
  lost: AbortSignal,
  work: (payload: Buffer, lost: AbortSignal) => Promise<T>,
): Promise<T> {
  try {
    if (lost.aborted) throw takenOver();
    return await work(payload, lost);
  } finally {
    payload.fill(0);
  }
}

/** The execution that Cloud Run says this is; its retries are the same one. Elsewhere each run is one of its own. */
export function executionIn(env: NodeJS.ProcessEnv): Execution {
  const { CLOUD_RUN_EXECUTION: execution, CLOUD_RUN_TASK_INDEX: index = '0' } = env;
  return { holder: execution === undefined ? randomUUID() : `${execution}/${index}` };
}

/** Without permission to list, Cloud Storage answers 403 for a missing object: a read tells whether it still exists. */
async function shred(objects: PayloadPorts['objects'], name: string, generation: string): Promise<void> {
  try {
    await objects.remove(name, generation);
  } catch (error) {
    if (!(error instanceof DeletionDeniedError)) throw error;
    const gone = await objects.read(name).then(
      () => false,
      (failure: unknown) => isFault(failure, 'not_found'),
    );
    if (!gone) throw error;
  }
}
