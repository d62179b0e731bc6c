import { type Environment, readConfig } from '#shared/model/config.ts';
import { openPorts } from './adapters.ts';
import { openingConfig } from './config.ts';
import { hardenProcess } from './hardening.ts';
import { executionIn, withPayload } from './payload.ts';

/**
 * For workers that are written in TypeScript: opens the payload of a task, calls `work` with it, and deletes it when
 * `work` has resolved. When `work` throws, the payload is kept and the error passed on, so that the task can be run
 * again. `work` should be able to run twice: a crash right before the deletion makes it do so.
 *
 * @param work gets the payload's JSON as bytes and must not keep the buffer: it is overwritten when the work ends
 * @param env names bucket and key (`PAYLOAD_BUCKET`, `PAYLOAD_KEY`, `PROJECT_ID`)
 * @throws ConfigError; what `work` throws; Fault `not_found`, `envelope_invalid`, `dependency_unavailable`
 */
export async function withTaskPayload<T>(
  taskId: string,
  work: (payload: Buffer, lost: AbortSignal) => Promise<T>,
  env: Environment = process.env,
): Promise<T> {
  const ports = openPorts(readConfig(openingConfig, env));
  hardenProcess();
  try {
    return await withPayload(ports, taskId, work, executionIn(env));
  } finally {
    await ports.close();
  }
}
