import { setTimeout as sleep } from 'node:timers/promises';

const ATTEMPTS = 6;
const PAUSE_MS = 1_000;

/** An answer that tells to come back later, as a machine gives that has more to do than it can. */
export class BusyError extends Error {}

/**
 * Does it again, after a pause, while the machine is busy, and says so.
 * @throws what the last of the attempts threw, or at once whatever is no sign of a busy machine
 */
export async function patiently<T>(
  act: () => Promise<T>,
  say: (line: string) => void,
  pause = () => sleep(PAUSE_MS),
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await act();
    } catch (error) {
      if (attempt === ATTEMPTS || !isBusy(error)) throw error;
      say(`busy      this machine answers slowly; trying again (${attempt + 1} of ${ATTEMPTS})`);
      await pause();
    }
  }
}

/** Statuses of gRPC for a call that came to no end in time, or found nobody ready. */
const DEADLINE_EXCEEDED = 4;
const UNAVAILABLE = 14;

function isBusy(error: unknown): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof BusyError || cause.name === 'TimeoutError') return true;
    if ('code' in cause && (cause.code === DEADLINE_EXCEEDED || cause.code === UNAVAILABLE)) return true;
  }
  return false;
}
