import type { LicenseChange } from '#functions/admin/change-license.ts';
import { SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { newKeyFields, readKey } from '#shared/model/key-record.ts';
import { type License, type LicenseFields, licenseDocument } from '#shared/model/license.ts';
import { hashLicenseKey, newKeyId, newLicenseId, newLicenseKey } from '#shared/model/license-key.ts';
import { DEFAULT_SEAT_RULES } from '#shared/model/seat-rules.ts';
import { SEAT_TERMS_OFF, type SeatTerms } from '#shared/model/seat-terms.ts';
import type { EndReason } from '#shared/model/session.ts';
import { handleOf, machineId } from '#shared/model/session-id.ts';
import { type TenantFields, tenantDocument } from '#shared/model/tenant.ts';
import { paths } from '#shared/seats/paths.ts';
import { createReconcileSeats } from '#shared/seats/reconcile.ts';
import type { DocumentStore, Write } from '#shared/store/store.ts';
import { acquireRequest, createInstance, EVERYTHING } from './instance.ts';
import { type Ledger, record } from './ledger.ts';
import { createLife, Killed } from './life.ts';
import { BORROW_SECONDS, LEASE_SECONDS, type Operation, WAIT_SECONDS } from './operations.ts';

export interface Key {
  readonly id: string;
  readonly key: LicenseKey;
  /** When it stops working; milliseconds since the epoch. */
  readonly until: number | null;
}

export interface WorldOptions {
  /** The store of each instance, as the domain is given it. */
  readonly stores: readonly DocumentStore[];
  /** Without faults, for preparation. */
  readonly plain: DocumentStore;
  readonly clock: Clock;
  readonly skews: readonly number[];
  readonly random: () => number;
  readonly seats: number;
  readonly release: License['release'];
  /** Default: none of them. */
  readonly terms?: Partial<SeatTerms>;
  /** How many seats may be borrowed; 0 or absent: the licence has never allowed it. */
  readonly borrow?: number;
  /** Whether a borrowed seat may be given back before its time. Default: it may. */
  readonly earlyReturn?: boolean;
  /** Runs something once so many calls have been made to the store. Needed for callers that disconnect, and for kills. */
  readonly afterCalls?: (count: number, run: () => void) => void;
  /** What was asked may be done without its caller's knowing. */
  readonly isRestless?: boolean;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

const LICENSE_ENDS = 365 * 86_400_000;

/** One licence, the instances that serve it, and clients that know only what they were answered. */
export async function createWorld({
  stores,
  plain,
  clock,
  skews,
  random,
  seats,
  release: mode,
  borrow = 0,
  terms,
  afterCalls = () => undefined,
  isRestless = false,
  earlyReturn = true,
}: WorldOptions) {
  const licenseId = newLicenseId();
  const borrowTerms = (max_seats: number) => ({
    max_seats,
    max_seconds: Math.max(...BORROW_SECONDS),
    early_return: earlyReturn,
    max_recalls: 0,
  });
  const newKey = (): Key => ({ id: newKeyId(), key: newLicenseKey(licenseId), until: null });
  const keys: Key[] = [newKey()];
  const ledger: Ledger = new Map();
  const allowed = new Set<EndReason>();
  /** When keys were ended together with their sessions, by the keys' ids; milliseconds since the epoch. */
  const endedKeys = new Map<string, number>();
  /** The session ids that each machine's client was answered, the latest last. */
  const known = new Map<number, string[]>();
  /** Machines of which something may have been done that nobody has heard of. */
  const restless = new Set<number>();
  const holder = (machine: number) => machineId(licenseId, `machine-${machine}`);
  const clocks = skews.map((skew): Clock => ({ now: () => clock.now() + skew }));
  const clockAt = (at: number) => clocks[at] ?? clock;
  const start = (store: DocumentStore, at: number) => {
    const life = createLife(store);
    return { ...life, ...createInstance({ store: life.store, clock: clockAt(at), random }) };
  };
  const instances = stores.map(start);
  /** What goes on although its caller has disconnected. */
  const unheard = new Set<Promise<unknown>>();
  const signsCopies = mode === 'after_copy';
  /** The most seats, and the most seats that may be borrowed, that the licence may have had. */
  const most = { seats, slots: borrow };
  let rotated: Promise<unknown> = Promise.resolve();
  await makeLicense();

  async function makeLicense(): Promise<void> {
    const fields = licenseDocument({
      tenant_id: `of-${licenseId}`,
      product: 'default',
      label: null,
      reference: null,
      metadata: {},
      archived: false,
      allotted: true,
      updates_until: null,
      release: mode,
      ...DEFAULT_SEAT_RULES,
      ...SEAT_TERMS_OFF,
      ...terms,
      tier: 'professional',
      features: [],
      status: 'active',
      max_seats: seats,
      seats: 0,
      next_seat: 0,
      reconciling: true,
      reconcile_at: 0,
      had_borrow: borrow > 0,
      expires_at: clock.now() + LICENSE_ENDS,
      lease_seconds: LEASE_SECONDS,
      offline_seconds: signsCopies ? 0 : 86_400,
      borrow: borrow === 0 ? null : borrowTerms(borrow),
      started_at: null,
      announces: [],
      notice_due: null,
      names_people: false,
      key_changes: 0,
      created_at: clock.now(),
    } satisfies LicenseFields);
    const tenant: TenantFields = {
      name: 'Tenant',
      tier: 'professional',
      seat_limit: null,
      seats_allotted: seats,
      owners: 0,
      members: 0,
      reference: null,
      metadata: {},
      stripe_customer_id: null,
      stripe_subscription_id: null,
      created_at: clock.now(),
    };
    await plain.commit([
      { op: 'create', path: `tenants/of-${licenseId}`, fields: tenantDocument(tenant) },
      { op: 'create', path: paths.license(licenseId), fields },
      ...keys.map(createKey),
    ]);
    await createReconcileSeats({ store: plain, clock, random })(licenseId);
  }

  function createKey({ id, key }: Key): Write {
    return {
      op: 'create',
      path: paths.key(licenseId, hashLicenseKey(key)),
      fields: newKeyFields(id, null, clock.now()),
    };
  }

  /** The key that the client of an operation uses. */
  function keyFor(newest: boolean): Key {
    const key = newest ? keys[0] : keys.at(-1);
    if (key === undefined) throw new TypeError('a licence has a key');
    return key;
  }

  /** The session of a client's heartbeat or release: its current one, or one that it held before. */
  function sessionOf(machine: number, stale: boolean): string | undefined {
    const sessions = known.get(machine) ?? [];
    return stale ? (sessions.at(-2) ?? sessions.at(-1)) : sessions.at(-1);
  }

  async function acquire(operation: Extract<Operation, { kind: 'acquire' | 'borrow' }>): Promise<string> {
    const { at, machine, waits = false, aborts } = operation;
    // Whatever is answered, its older sessions may end for a new one.
    if (borrow > 0 || isRestless) moveSessions(machine);
    if (isRestless) restless.add(machine);
    const outcome = await untilDisconnected(aborts, (signal) => {
      const request = acquireRequest(keyFor(operation.newestKey).key, `machine-${machine}`, signal);
      const wanted = operation.kind === 'borrow' ? { borrow: { seconds: operation.seconds } } : {};
      const queue = waits ? { queue: { maxWaitSeconds: WAIT_SECONDS } } : {};
      return on(at, (one) => one.acquire({ ...request, ...wanted, ...queue }));
    }).catch((error: unknown) => {
      if (isFault(error, 'dependency_unavailable')) haveMoved(machine);
      throw error;
    });
    if (outcome === undefined) return 'disconnected';
    if (outcome.kind === 'queued') return 'waiting';
    const { lease, created } = outcome;
    const handle = handleOf(lease.sessionId);
    const isNew = !ledger.has(handle);
    moveSessions(machine, lease.sessionId);
    if (isNew) {
      const moved = restless.has(machine);
      const entry = { sessionId: lease.sessionId, machine, releaseAsked: false, released: false, moved };
      ledger.set(handle, {
        ...entry,
        until: lease.expiresAt,
        copyUntil: 0,
        borrowedUntil: 0,
        copyGivenBack: false,
        copyForgotten: false,
        recallAsked: false,
      });
      known.set(machine, [...(known.get(machine) ?? []), lease.sessionId]);
    }
    record(ledger, handle, { until: lease.expiresAt, borrowedUntil: lease.borrowed?.until ?? 0, ...copyOf(lease) });
    if (created) return 'new session';
    return isNew ? 'moved' : 'same session';
  }

  /** A machine may have another session, of which nobody has heard, in place of any that it had or is answered. */
  function haveMoved(machine: number): void {
    restless.add(machine);
    moveSessions(machine);
  }

  /** A machine's sessions may end for another one. */
  function moveSessions(machine: number, but?: string): void {
    for (const [handle, entry] of [...ledger]) {
      if (entry.machine === machine && entry.sessionId !== but) record(ledger, handle, { moved: true });
    }
  }

  /** @returns undefined when the caller has disconnected before it was answered */
  async function untilDisconnected<T>(
    aborts: number | undefined,
    send: (signal: AbortSignal) => Promise<T>,
  ): Promise<T | undefined> {
    const controller = new AbortController();
    const sent = send(controller.signal);
    if (aborts === undefined) return sent;
    const gone = new Promise<undefined>((resolve) => {
      afterCalls(aborts, () => {
        controller.abort();
        resolve(undefined);
      });
    });
    unheard.add(sent);
    const forget = () => unheard.delete(sent);
    sent.then(forget, forget);
    return Promise.race([sent, gone]);
  }

  const copyOf = ({ copyUntil }: { copyUntil: number }) => (signsCopies ? { copyUntil } : {});

  async function sendHeartbeat(at: number, sessionId: string): Promise<string> {
    const beat = await on(at, (one) => one.heartbeat(sessionId, { signs: signsCopies }));
    record(ledger, handleOf(sessionId), { until: beat.expiresAt, ...copyOf(beat) });
    return 'heartbeat';
  }

  async function release(at: number, sessionId: string): Promise<string> {
    record(ledger, handleOf(sessionId), { releaseAsked: true });
    if (earlyReturn) giveBackCopies(sessionId);
    await on(at, (one) => one.release(sessionId));
    record(ledger, handleOf(sessionId), { released: true });
    return 'released';
  }

  /** A machine has one copy, that of its latest session: the copies of the sessions before went when it was stored. */
  function giveBackCopies(sessionId: string): void {
    const last = handleOf(sessionId);
    const wasBorrowed = (ledger.get(last)?.borrowedUntil ?? 0) > clock.now();
    for (const [handle, { machine, copyForgotten }] of [...ledger]) {
      const change = { copyGivenBack: true, copyForgotten: copyForgotten || wasBorrowed };
      if (machine === ledger.get(last)?.machine) record(ledger, handle, change);
      if (handle === last) return;
    }
  }

  /** Takes the seat of a machine's latest session back. */
  async function recall(at: number, machine: number): Promise<string> {
    const sessionId = sessionOf(machine, false);
    if (sessionId === undefined) return 'nothing to do';
    record(ledger, handleOf(sessionId), { recallAsked: true });
    giveBackCopies(sessionId);
    await on(at, (one) => one.sessions.end(EVERYTHING, handleOf(sessionId), SYSTEM_ACTOR, { isLimited: false }));
    return 'recalled';
  }

  async function change(at: number, wanted: LicenseChange): Promise<string> {
    await on(at, (one) => one.licenses.change(EVERYTHING, licenseId, wanted));
    return 'changed';
  }

  /** Sets a new key; the old one works for a while or ended already. One at a time, so that clients know the current key. */
  function rotate(grace: number): Promise<string> {
    rotated = rotated
      .catch(() => undefined)
      .then(async () => {
        const [newest] = keys;
        const until = clock.now() + grace * 1000;
        const fresh = newKey();
        const older = [...keys];
        keys.splice(0, keys.length, fresh);
        if (newest !== undefined) keys.push({ ...newest, until: Math.min(newest.until ?? until, until) });
        await plain.commit([
          createKey(fresh),
          ...older.map(
            ({ key, until: earlier }): Write => ({
              op: 'update',
              path: paths.key(licenseId, hashLicenseKey(key)),
              fields: { until: Math.min(earlier ?? until, until) },
            }),
          ),
        ]);
      });
    return rotated.then(() => 'rotated');
  }

  /** Ends the newest key, after another has been made, so that there is always one. */
  function endKey(at: number, endSessions: boolean): Promise<string> {
    if (endSessions) allowed.add('key_ended');
    rotated = rotated
      .catch(() => undefined)
      .then(async () => {
        const [newest] = keys;
        const fresh = newKey();
        await plain.commit([createKey(fresh)]);
        keys.unshift(fresh);
        if (newest === undefined) return;
        const index = keys.indexOf(newest);
        if (endSessions) endedKeys.set(newest.id, clockAt(at).now());
        // A lost answer is no reason not to look: the key may have ended.
        const asked = await on(at, ({ licenseKeys }) =>
          licenseKeys.end(EVERYTHING, licenseId, newest.id, endSessions, SYSTEM_ACTOR),
        ).catch((error: unknown) => error);
        const [stored] = await plain.get([paths.key(licenseId, hashLicenseKey(newest.key))]);
        const until = stored === undefined ? null : readKey(stored).until;
        keys[index] = { ...newest, until };
        if (endSessions && until !== null) endedKeys.set(newest.id, until);
        if (asked instanceof Error) throw asked;
      });
    return rotated.then(() => 'key ended');
  }

  function instance(at: number) {
    const found = instances[at];
    if (found === undefined) throw new TypeError(`there is no instance ${at}`);
    return found;
  }

  /** Asks an instance, until it is killed. */
  function on<T>(at: number, ask: (one: ReturnType<typeof start>) => Promise<T>): Promise<T> {
    const one = instance(at);
    return Promise.race([ask(one), one.ended]);
  }

  function kill(at: number): void {
    instance(at).end();
    const store = stores[at];
    if (store !== undefined) instances[at] = start(store, at);
  }

  async function act(operation: Operation): Promise<string> {
    const { at } = operation;
    switch (operation.kind) {
      case 'acquire':
      case 'borrow':
        return acquire(operation);
      case 'kill':
        afterCalls(operation.after, () => kill(at));
        return 'will be killed';
      case 'recall':
        return recall(at, operation.machine);
      case 'cap':
        most.slots = Math.max(most.slots, operation.seats);
        return change(at, { borrow: borrowTerms(operation.seats) });
      case 'heartbeat':
      case 'release': {
        const sessionId = sessionOf(operation.machine, operation.stale);
        if (sessionId === undefined) return 'nothing to do';
        return operation.kind === 'heartbeat' ? sendHeartbeat(at, sessionId) : release(at, sessionId);
      }
      case 'reap':
        await on(at, (one) => one.reap());
        return 'reaped';
      case 'resize':
        allowed.add('seats_reduced');
        most.seats = Math.max(most.seats, operation.seats);
        return change(at, { max_seats: operation.seats });
      case 'suspend':
        allowed.add('license_suspended');
        return change(at, { status: 'suspended' });
      case 'reinstate':
        return change(at, { status: 'active' });
      case 'expire':
        allowed.add('license_expired');
        return change(at, { expires_at: clock.now() + operation.seconds * 1000 });
      case 'rotate':
        return rotate(operation.grace);
      case 'end key':
        return endKey(at, operation.endSessions);
      default:
        return operation satisfies never;
    }
  }

  return {
    licenseId,
    most,
    ledger,
    allowed,
    holder,
    keyFor,
    endedKeys,
    sessionOf,
    clockAt,
    forget: (machine: number) => known.delete(machine),
    /** Until all has ended that goes on although its caller has disconnected. */
    settled: () => Promise.allSettled(unheard),
    /** A fault with a code is an answer; any other error is a bug. */
    act: (operation: Operation): Promise<string> =>
      act(operation).catch((error: unknown) => {
        if (error instanceof Killed) return 'killed';
        if (!isFault(error)) return `${UNEXPECTED} ${error}`;
        const { reason } = error.extra;
        return error.code === 'session_ended' ? `ended: ${reason}` : error.code;
      }),
  };
}

/** The prefix of an error that is not a valid answer. */
export const UNEXPECTED = 'unexpected:';
