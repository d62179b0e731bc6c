import type { Platform } from '../platform/platform.ts';
import type { SeatOptions } from './options.ts';

/**
 * @param limit milliseconds; undefined: as long as it takes
 * @returns the token, and the milliseconds that it took
 * @throws whatever the program's function throws, or that it gave none in time
 */
export type AskToken = (limit?: number) => Promise<readonly [token: string, spent: number]>;

/**
 * Asks the program for a token. While a seat is held it has as long as a request, since heartbeats wait for it. A function
 * that waits for a person is not called again before it has answered, and a late answer serves the next request.
 * @param usual milliseconds for one request
 */
export function createTokenSource(
  userToken: NonNullable<SeatOptions['userToken']>,
  { setTimer, monotonic }: Pick<Platform, 'setTimer' | 'monotonic'>,
  usual: number,
  signal?: AbortSignal,
): AskToken {
  let pending: Promise<string> | undefined;
  return async (limit) => {
    const begun = monotonic();
    pending ??= (async () => userToken())();
    const asked = pending;
    const isLate = await new Promise<boolean>((resolve) => {
      const late = () => resolve(true);
      const cancel = limit && setTimer(late, Math.min(limit, usual), true);
      signal?.addEventListener('abort', late);
      const answered = () => {
        if (cancel) cancel();
        signal?.removeEventListener('abort', late);
        resolve(false);
      };
      asked.then(answered, answered);
    });
    if (isLate) throw new Error('it has not answered yet');
    pending = undefined;
    return [(await asked).trim(), monotonic() - begun];
  };
}
