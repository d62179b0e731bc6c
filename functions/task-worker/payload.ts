import { type KeyUnwrapper, open } from '#shared/crypto/envelope.ts';
import { DeletionDeniedError, isFault } from '#shared/model/errors.ts';
import { taskAssociatedData, taskObject } from '#shared/model/task.ts';
import type { ObjectReader, ObjectRemover } from '#shared/store/objects.ts';

export interface PayloadPorts {
  readonly objects: ObjectReader & ObjectRemover;
  readonly unwrapper: KeyUnwrapper;
}

/**
 * Opens a task's payload, lends it to the work, and shreds the object when the work is done. While the work runs, and
 * when it fails, the object stays: so a task runs at least once, and once it is gone it has been done.
 *
 * @param work gets the plaintext in memory that is wiped when it settles: not to be kept
 * @throws what the work throws; Fault `not_found` when there is no object (or no right to it), `envelope_invalid`, and
 *   `dependency_unavailable`, after the work too when the object could not be deleted
 */
export async function lendPayload<T>(
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

/** Without the right to list, an object that is gone looks like one that is forbidden. One that we could read is gone. */
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
