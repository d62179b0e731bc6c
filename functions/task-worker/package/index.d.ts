/// <reference types="node" />

/**
 * Claims a task, opens its payload, calls `work` with it, and deletes the payload when `work` has resolved. When `work`
 * throws, the payload is kept and the error passed on, so that the task can be run again. `work` should be able to run
 * twice: a crash right before the deletion makes it do so.
 *
 * @param work gets the payload's JSON as bytes and must not keep the buffer: it is overwritten when the work ends. The
 *   signal is aborted when another execution has taken the task over
 * @param env names bucket and key (`PAYLOAD_BUCKET`, `PAYLOAD_KEY`, `PROJECT_ID`)
 * @throws Error whose `code` is `not_found`, `conflict` (another execution runs the task), `envelope_invalid` or
 *   `dependency_unavailable`; Error that names each setting that is missing; what `work` throws
 */
export declare function withPayload<T>(
  taskId: string,
  work: (payload: Buffer, lost: AbortSignal) => Promise<T>,
  env?: Readonly<Record<string, string | undefined>>,
): Promise<T>;
