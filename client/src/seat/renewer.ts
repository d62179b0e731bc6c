import type { ValidLicense } from '../license/result.ts';
import { refusalAt } from '../license/times.ts';
import type { FirstHold } from './acquire.ts';
import { createAlarm } from './alarm.ts';
import type { Granted, Unavailable } from './api.ts';
import { renewalDue } from './backoff.ts';
import type { SeatContext } from './context.ts';
import { type LossReason, lost } from './events.ts';

export type SeatState = 'held' | 'offline' | 'lost' | 'released';

/** What keeps a seat once there is one. */
export interface Renewer {
  state(): SeatState;
  license(): ValidLicense;
  /** The session, as far as it is known to be alive. */
  session(): string | undefined;
  /** Calls for the seat at once, or looks whether it is time to: after sleep, and when the network is back. */
  wake(): void;
  /** Forgets the session without a word to the server: a page that is hidden has sent its farewell. */
  abandon(): void;
  /** Ends the keeping, after the call under way. @returns the session that is still to be released */
  stop(): Promise<string | undefined>;
}

interface Lease {
  readonly sessionId: string;
  readonly endsAt: number;
}

/** Until the server has said how often to call. */
const DEFAULT_INTERVAL = 120_000;
/** Fresh signatures are asked for no more often: near a licence's end, half of what is left is always over soon. */
const RENEWAL_PAUSE = 120_000;
const SHORTEST_WAIT = 1_000;

/** The server's last word on a session. Any other reason is mended by acquiring again. */
const FINAL: ReadonlyMap<string, LossReason> = new Map([
  ['admin_released', 'admin_released'],
  ['license_suspended', 'license_suspended'],
  ['license_expired', 'license_expired'],
]);

export function startRenewer(context: SeatContext, first: FirstHold, onLost: () => void): Renewer {
  const { api, clock, emit, backoff, platform } = context;
  let state: SeatState = 'held';
  let license = first.license;
  let lease: Lease | undefined;
  let interval = DEFAULT_INTERVAL;
  let failures = 0;
  let renewNotBefore = 0;
  let underWay: Promise<void> | undefined;
  const alarm = createAlarm(platform, () => clock.now(), call);
  const over = () => state === 'lost' || state === 'released';

  /** One call at a time, and the next one is set when it is done. */
  function call(): void {
    if (over()) return;
    underWay ??= step().finally(() => {
      underWay = undefined;
    });
  }

  async function step(): Promise<void> {
    if (lease === undefined || (await renew()) === 'beat') await (lease === undefined ? acquire() : beat());
    judge();
  }

  /** Past half of the offline time. When that fails, the lease is prolonged all the same. */
  async function renew(): Promise<'beat' | 'done'> {
    const now = clock.now();
    if (now < renewNotBefore || !renewalDue(license.signedAt, license.validUntil, now)) return 'beat';
    renewNotBefore = now + RENEWAL_PAUSE;
    emit({ type: 'renewing', validUntil: license.validUntil });
    const answer = await context.acquireAndVerify();
    if (answer.kind === 'unavailable') return 'beat';
    apply(answer);
    return 'done';
  }

  const acquire = async () => apply(await context.acquireAndVerify());

  function apply(answer: Awaited<ReturnType<SeatContext['acquireAndVerify']>>): void {
    switch (answer.kind) {
      case 'verified':
        license = answer.license;
        hold(answer.granted);
        return;
      case 'unverified':
        // The seat is ours, and the licence at hand is good for as long as it says.
        emit({ type: 'refused_license', reason: answer.refusal.reason, message: answer.refusal.message });
        hold(answer.granted);
        return;
      case 'refused':
        if (answer.code === 'no_seats_available') {
          emit({ type: 'denied', seatsUsed: answer.seatsUsed, seatsTotal: answer.seatsTotal, retryAt: undefined });
        }
        lose(answer.code);
        return;
      case 'unavailable':
        fail(answer);
    }
  }

  async function beat(): Promise<void> {
    const { sessionId } = lease ?? {};
    if (sessionId === undefined) return;
    const answer = await api.heartbeat(sessionId);
    if (lease?.sessionId !== sessionId) return; // abandoned meanwhile
    switch (answer.kind) {
      case 'renewed':
        lease = { sessionId, endsAt: answer.leaseEndsAt };
        succeed();
        return;
      case 'unavailable':
        fail(answer);
        return;
      case 'ended': {
        lease = undefined;
        const reason = FINAL.get(answer.reason);
        if (reason !== undefined) lose(reason);
        else if (!over()) await acquire();
      }
    }
  }

  function hold(granted: Granted): void {
    lease = { sessionId: granted.sessionId, endsAt: granted.leaseEndsAt };
    interval = granted.interval;
    failures = 0;
    if (over()) return;
    state = 'held';
    const { seatsUsed, seatsTotal } = granted;
    emit({ type: 'held', license, leaseEndsAt: lease.endsAt, seatsUsed, seatsTotal });
    setAlarm(backoff.nextHeartbeat(interval));
  }

  function succeed(): void {
    failures = 0;
    if (over()) return;
    if (state === 'offline' && lease !== undefined) emit({ type: 'online', leaseEndsAt: lease.endsAt });
    state = 'held';
    setAlarm(backoff.nextHeartbeat(interval));
  }

  function fail({ cause, retryAfter }: Unavailable): void {
    failures += 1;
    if (over()) return;
    const now = clock.now();
    if (state !== 'offline') {
      const { validUntil } = license;
      emit({ type: 'offline', since: now, leaseEndsAt: lease?.endsAt, validUntil, cause });
    }
    state = 'offline';
    let wait = backoff.retry(failures, interval, retryAfter);
    // Once more before the lease is over, and not at its last moment.
    const last = (lease?.endsAt ?? 0) - now - interval * (0.05 + 0.9 * platform.random());
    if (last > SHORTEST_WAIT && last < wait) wait = Math.max(last, retryAfter ?? 0);
    setAlarm(wait);
  }

  /** The end of the licence is looked at when it comes, whatever else is due. */
  function setAlarm(wait: number): void {
    const now = clock.now();
    const end = license.validUntil ?? license.expiresAt ?? Number.POSITIVE_INFINITY;
    alarm.set(Math.max(SHORTEST_WAIT, Math.min(wait, end - now)));
  }

  /** After every call, not before: a machine that has slept for a month asks first. */
  function judge(): void {
    if (over()) return;
    const refusal = refusalAt(license, clock.now());
    if (refusal === 'expired') lose('license_expired');
    if (refusal === 'stale') lose('offline_too_long');
  }

  function lose(reason: LossReason): void {
    if (over()) return;
    state = 'lost';
    alarm.clear();
    void context.cache.forget();
    if (lease !== undefined) void api.release(lease.sessionId);
    emit(lost(reason));
    onLost();
  }

  if (first.kind === 'granted') {
    hold(first.granted);
    setAlarm(backoff.firstHeartbeat(interval));
  } else {
    fail({ kind: 'unavailable', cause: first.cause });
  }

  return {
    state: () => state,
    license: () => license,
    session: () => lease?.sessionId,
    wake: () => (state === 'offline' || lease === undefined ? call() : alarm.look()),
    abandon() {
      lease = undefined;
    },
    async stop() {
      if (over()) return undefined;
      state = 'released';
      alarm.clear();
      await underWay;
      return lease?.sessionId ?? (first.kind === 'offline' ? String(license.claims['session_id']) : undefined);
    },
  };
}
