import { formatTime, parseTime } from '../../../shared/license-format/time.ts';
import { asObject, textOf } from '../json.ts';
import type { RefusalReason, RefusedLicense, ValidLicense } from '../license/result.ts';
import { isBorrowed, worksOffline } from '../license/strict.ts';
import type { Granted } from './api.ts';
import { TIME_NOTED_EVERY, type WhyNothing } from './cache.ts';
import type { SeatContext } from './context.ts';
import { type KeptLicense, SeatError } from './error.ts';
import type { Unavailable } from './failure.ts';
import { createQueue } from './queue.ts';

/** How a seat begins: granted by the server, or from the licence of an earlier run while there is no server. */
export type FirstHold =
  | { readonly kind: 'granted'; readonly license: ValidLicense; readonly granted: Granted }
  | { readonly kind: 'offline'; readonly license: ValidLicense; readonly failure: Unavailable }
  /** From a licence file, for a machine without a network. */
  | { readonly kind: 'file'; readonly license: ValidLicense };

/** The keys are fetched from a server, too, and it may be that which does not answer. */
const KEYS_MAY_COME: ReadonlySet<RefusalReason> = new Set(['keys_unavailable', 'unknown_key', 'keys_expired']);
/** What is wrong with a licence that was signed a moment ago when it is the clock that is wrong. */
const CLOCK_MAY_BE_WRONG: ReadonlySet<RefusalReason> = new Set(['not_yet_valid', 'stale', 'expired']);

/** Asks until there is a seat. @throws SeatError when there is none, and none is waited for any longer */
export async function acquireFirst(context: SeatContext): Promise<FirstHold> {
  if (context.options.licenseFile !== undefined) return readFile(context, context.options.licenseFile);
  const queue = createQueue(context);
  try {
    return await acquireOnline(context, queue);
  } finally {
    await queue.leave();
  }
}

async function acquireOnline(context: SeatContext, queue: ReturnType<typeof createQueue>): Promise<FirstHold> {
  const { acquireAndVerify, options, release } = context;
  const waiting = createWaiting(context);
  for (;;) {
    context.throwIfAborted();
    const answer = await acquireAndVerify({ queue: queue.maxWaitSeconds });
    queue.answered(answer);
    // A borrowed seat stays this machine's.
    const unwanted = 'granted' in answer && answer.granted.borrowedUntil === undefined ? answer.granted : undefined;
    if (options.signal?.aborted && unwanted !== undefined) await release(unwanted.sessionId);
    context.throwIfAborted();
    switch (answer.kind) {
      case 'verified':
        return { kind: 'granted', license: answer.license, granted: answer.granted };
      case 'unverified':
        context.emit({ type: 'refused_license', reason: answer.refusal.reason, message: answer.refusal.message });
        if (KEYS_MAY_COME.has(answer.refusal.reason) && (await waiting.afterFailure())) break;
        if (unwanted !== undefined) await release(unwanted.sessionId);
        throw invalid(context, answer.granted.license, answer.refusal);
      case 'queued':
        if (!(await waiting.inQueue(answer.pollAfter))) throw SeatError.of('no_seats_available');
        break;
      case 'refused':
        if (answer.code !== 'no_seats_available' && answer.code !== 'queue_full') {
          throw SeatError.of(answer.code, answer);
        }
        if (!(await waiting.afterDenial(answer))) throw SeatError.of(answer.code, answer);
        break;
      case 'unavailable': {
        const kept = await readKept(context);
        if (kept.valid) return { kind: 'offline', license: kept, failure: answer };
        if (!(await waiting.afterFailure(answer.retryAfter))) throw SeatError.unavailable(answer, kept);
      }
    }
  }
}

/** Between two attempts while all seats are taken, in milliseconds: doubling, the last half of each at random. */
const DENIED_PAUSE = 20_000;
const LONGEST_DENIED_PAUSE = 300_000;

/** How long it is tried: `patience` while nothing answers, `wait` while all seats are taken. Each returns false at its end. */
function createWaiting({ platform, options, backoff, clock, emit, pause }: SeatContext) {
  const begun = platform.monotonic();
  const spent = (since: number) => platform.monotonic() - since;
  let silentSince: number | undefined;
  let failures = 0;
  let denials = 0;
  return {
    async afterFailure(retryAfter?: number): Promise<boolean> {
      if (silentSince === undefined) failures = 0;
      failures += 1;
      silentSince ??= platform.monotonic();
      const next = backoff.retryStart(failures, retryAfter);
      // A server that says when to come back is there, and is waited for as long as a free seat is.
      const enough = spent(silentSince) + next > options.patience;
      if (enough && !((retryAfter ?? 0) > 0 && spent(begun) + next <= options.wait)) return false;
      await pause(next);
      return true;
    },
    /** The server says when to ask again, and until when it keeps the place. */
    async inQueue(pollAfter: number): Promise<boolean> {
      silentSince = undefined;
      const left = options.wait - spent(begun);
      if (left <= 0) return false;
      await pause(Math.min(pollAfter, left));
      return true;
    },
    async afterDenial({ seatsUsed, seatsTotal }: { seatsUsed: number; seatsTotal: number }): Promise<boolean> {
      const longest = Math.min(LONGEST_DENIED_PAUSE, DENIED_PAUSE * 2 ** denials);
      const next = longest * (0.5 + platform.random() / 2);
      denials += 1;
      silentSince = undefined;
      const again = spent(begun) + next <= options.wait;
      emit({ type: 'denied', seatsUsed, seatsTotal, retryAt: again ? clock.now() + next : undefined });
      if (again) await pause(next);
      return again;
    },
  };
}

/** @throws SeatError `license_invalid` for a file that is none for this machine, or no longer */
async function readFile(context: SeatContext, file: string): Promise<FirstHold> {
  context.throwIfAborted();
  const { cache, verify } = context;
  await cache.load(); // the latest time that was seen
  const check = await verify(file);
  if (!check.valid) throw invalid(context, file, check);
  if (!isBorrowed(check)) {
    throw SeatError.of('license_invalid', { detail: 'The licence in the file is not borrowed.' });
  }
  await cache.save(file);
  return { kind: 'file', license: check };
}

const NOTHING_KEPT: Readonly<Record<WhyNothing | 'unknown', string>> = {
  unknown: 'No licence of an earlier run is kept here.',
  released: 'The last run gave its seat back, so its licence was not kept.',
  strict: 'This licence works only while the server answers, so nothing was kept.',
  refused: 'The licence of the last run was ended by the server.',
};

/** The licence of an earlier run, if it is still good: the program starts, and asks for the seat as soon as it can. */
async function readKept(context: SeatContext): Promise<ValidLicense | (KeptLicense & { readonly valid: false })> {
  const { cache } = context;
  const nothing = (why: keyof typeof NOTHING_KEPT) =>
    ({ valid: false, reason: 'none', message: NOTHING_KEPT[why] }) as const;
  const kept = await cache.load();
  if (kept.kind === 'nothing') return nothing(kept.why ?? 'unknown');
  const check = await context.verify(kept.license);
  if (check.valid && !worksOffline(check)) return nothing('strict');
  if (check.valid) {
    await cache.noteTime(TIME_NOTED_EVERY);
    return check;
  }
  context.emit({ type: 'refused_license', reason: check.reason, message: check.message });
  return { valid: false, reason: check.reason, message: `The licence of the last run is not used: ${check.message}` };
}

function invalid({ platform }: SeatContext, license: unknown, { reason, message }: RefusedLicense): SeatError {
  const signedAt = parseTime(textOf(asObject(license)?.['signed_at']) ?? '');
  const cause = new Error(message);
  if (!CLOCK_MAY_BE_WRONG.has(reason)) return SeatError.of('license_invalid', { reason, detail: message, cause });
  const here = formatTime(platform.now());
  const there = signedAt === undefined ? 'another time' : formatTime(signedAt);
  return SeatError.of('clock_wrong', { reason, detail: `it is ${here} here and ${there} there`, cause });
}
