import type { RefusalReason, ValidLicense } from '../license/result.ts';
import type { Granted, Unavailable } from './api.ts';
import type { SeatContext } from './context.ts';
import { SeatError } from './error.ts';

/** How a seat begins: granted by the server, or from the licence of an earlier run while there is no server. */
export type FirstHold =
  | { readonly kind: 'granted'; readonly license: ValidLicense; readonly granted: Granted }
  | { readonly kind: 'offline'; readonly license: ValidLicense; readonly cause: unknown };

const PATIENCE = 30_000;
/** The keys are fetched from a server, too, and it may be that which does not answer. */
const KEYS_MAY_COME: ReadonlySet<RefusalReason> = new Set(['keys_unavailable', 'unknown_key']);
/** Between two attempts while all seats are taken, in milliseconds: doubling, the last half of each at random. */
const DENIED_PAUSE = 20_000;
const LONGEST_DENIED_PAUSE = 300_000;

/** @throws SeatError when there is no seat, and none is waited for any longer */
export async function acquireFirst(context: SeatContext): Promise<FirstHold> {
  const { acquireAndVerify, api, platform, options, emit } = context;
  const begun = platform.monotonic();
  const spent = (since: number) => platform.monotonic() - since;
  let silentSince: number | undefined;
  let failures = 0;
  let denials = 0;

  /** Waits for as long as is fitting after another failure. @returns false when patience is at its end */
  async function retry(retryAfter?: number): Promise<boolean> {
    if (silentSince === undefined) failures = 0;
    failures += 1;
    silentSince ??= platform.monotonic();
    const pause = context.backoff.retryStart(failures, retryAfter);
    if (spent(silentSince) + pause > (options.patience ?? PATIENCE)) return false;
    await context.pause(pause);
    return true;
  }

  for (;;) {
    context.throwIfAborted();
    const answer = await acquireAndVerify();
    if (options.signal?.aborted && 'granted' in answer) await api.release(answer.granted.sessionId);
    context.throwIfAborted();
    switch (answer.kind) {
      case 'verified':
        return { kind: 'granted', license: answer.license, granted: answer.granted };
      case 'unverified': {
        const { reason, message } = answer.refusal;
        emit({ type: 'refused_license', reason, message });
        const cause = new SeatError('license_invalid', { reason, detail: message });
        if (KEYS_MAY_COME.has(reason) && (await retry())) break;
        await api.release(answer.granted.sessionId);
        throw cause;
      }
      case 'refused': {
        if (answer.code !== 'no_seats_available') throw new SeatError(answer.code, answer);
        const longest = Math.min(LONGEST_DENIED_PAUSE, DENIED_PAUSE * 2 ** denials);
        const pause = longest * (0.5 + platform.random() / 2);
        denials += 1;
        const again = spent(begun) + pause <= (options.wait ?? 0);
        silentSince = undefined;
        const { seatsUsed, seatsTotal } = answer;
        emit({ type: 'denied', seatsUsed, seatsTotal, retryAt: again ? context.clock.now() + pause : undefined });
        if (!again) throw new SeatError('no_seats_available', answer);
        await context.pause(pause);
        break;
      }
      case 'unavailable': {
        const kept = await startOffline(context, answer);
        if (kept !== undefined) return kept;
        if (!(await retry(answer.retryAfter))) throw new SeatError('unreachable', { cause: answer.cause });
      }
    }
  }
}

/** A licence of an earlier run that is still good: the program starts, and the seat is asked for as soon as it can be. */
async function startOffline(context: SeatContext, { cause }: Unavailable): Promise<FirstHold | undefined> {
  const kept = await context.cache.load();
  if (kept === undefined) return undefined;
  const check = await context.verify(kept, context.clock);
  if (check.valid) return { kind: 'offline', license: check, cause };
  context.emit({ type: 'refused_license', reason: check.reason, message: check.message });
  return undefined;
}
