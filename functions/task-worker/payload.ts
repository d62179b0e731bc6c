import { type KeyUnwrapper, open } from '#shared/crypto/envelope.ts';
import { DeletionDeniedError, isFault } from '#shared/model/errors.ts';
import { taskAssociatedData, taskObject } from '#shared/model/task.ts';
import type { ObjectReader, ObjectRemover } from '#shared/store/objects.ts';

export interface PayloadPorts {
  readonly objects: ObjectReader & ObjectRemover;
  readonly unwrapper: KeyUnwrapper;
}

/**
 * Opens a task's payload, calls `work` with it, and deletes the object when `work` succeeds. The object stays while the
 * work runs and when it fails, so a task runs at least once, and a task without an object has succeeded.
 *
 * @param work must not keep the buffer: it is overwritten with zeros when the work ends
 * @throws whatever the work throws; Fault `not_found` when there is no object or no permission to read it,
 *   `envelope_invalid`, and `dependency_unavailable`, after the work too when the object could not be deleted
 */
export async function withPayload<T>(
  { objects, unwrapper }: PayloadPorts,
  taskId: string,
  work: (payload: Buffer) => Promise<T>,
): Promise<T> {
  const name = taskObject(taskId);
  const { bytes, generation } = await objects.read(name);
  const payload = await open(bytes, taskAssociatedData(taskId), unwrapper);
  const result = await work(payload).finally(() => payload.fill(0));
  await shred(objects, name, generation);
  return result;
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
