import { createNamedUsers } from '#functions/admin/named-users.ts';
import { seated } from '#functions/seats/attempt.ts';
import { SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import { createCommitAudited } from '#shared/audit/commit-audited.ts';
import type { LicenseKey } from '#shared/license-format/license-key.ts';
import { isFault } from '#shared/model/errors.ts';
import { newKeyFields } from '#shared/model/key-record.ts';
import { hashLicenseKey, newKeyId, newLicenseKey } from '#shared/model/license-key.ts';
import type { LeaseUnit } from '#shared/model/seat-rules.ts';
import { EXPIRY_SLACK } from '#shared/model/session.ts';
import { handleOf, machineId, processHolderId, userId } from '#shared/model/session-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import type { Database } from '../database.ts';
import { createGate } from '../gate.ts';
import { acquireRequest, createInstance, EVERYTHING } from '../instance.ts';
import { createRandom } from '../random.ts';
import { brokenInvariants, readView, type View } from '../view.ts';
import { createWorld } from '../world.ts';
import { type Act, type History, MACHINES, USERS } from './histories.ts';

/** Wraps the store that the domain is given. */
export type Decorate = (store: DocumentStore) => DocumentStore;

const START = Date.parse('2027-01-01T00:00:00Z');
const addressOf = (user: number) => `user-${user}@example.org`;
const nameOf = (machine: number) => `machine-${machine}`;

interface Answered {
  readonly sessionId: string;
  readonly user: number;
  readonly machine: number;
  /** When the lease ends that was answered last. */
  until: number;
  released: boolean;
}

/** Plays a history. @returns the violations at the first step that has any, and what was done up to it */
export async function play(database: Database, history: History, decorate: Decorate = (store) => store) {
  const random = createRandom(history.seed);
  let now = START;
  const clock = { now: () => now };
  const onTurn = () => {
    now += 1;
  };
  const gate = createGate({ random, recorder: database.recorder, faults: history.faults, onTurn });
  const { plain } = database;
  const world = await createWorld({
    stores: [],
    plain,
    clock,
    skews: [],
    random,
    seats: history.seats,
    release: 'at_once',
  });
  const { licenseId } = world;
  const keys: LicenseKey[] = Array.from({ length: USERS }, () => newLicenseKey(licenseId));
  const prepared = createInstance({ store: plain, clock, random });
  const people = createPeople(plain);
  await prepare();

  const stores = (history.faults === 0 ? database.direct : database.clients).map((store) =>
    decorate(gate.guard(store)),
  );
  const instances = stores.map((store) => ({
    ...createInstance({ store, clock, random }),
    users: createPeople(store),
  }));
  const answered: Answered[] = [];
  /** Which users have asked from which machines. */
  const asked = new Set<string>();
  let moves = 0;
  const log: string[] = [];
  /** Users on the list for sure, or off it for sure; what is asked for in the same step is neither. */
  const listed = new Map<number, boolean>();
  let view = await readView(plain, licenseId);

  function createPeople(store: DocumentStore) {
    const commitAudited = createCommitAudited({ store, clock });
    return createNamedUsers({ store, clock, random, commitAudited, licenses: prepared.licenses });
  }

  async function prepare(): Promise<void> {
    await plain.commit(
      keys.map((key, user) => ({
        op: 'create',
        path: paths.key(licenseId, hashLicenseKey(key)),
        fields: newKeyFields(newKeyId(), null, now, { userEmail: addressOf(user) }),
      })),
    );
    await prepared.licenses.change(EVERYTHING, licenseId, {
      lease_per: history.unit,
      on_second: history.onSecond,
      named_users: history.named,
      self_service: { holders: 'none', release: 'any' },
    });
    for (let user = 0; user < USERS; user += 1) await people.put(EVERYTHING, licenseId, addressOf(user), SYSTEM_ACTOR);
  }

  async function perform(act: Act): Promise<string> {
    const instance = instances[act.at];
    if (instance === undefined) throw new TypeError(`there is no instance ${act.at}`);
    switch (act.kind) {
      case 'acquire': {
        const key = keys[act.user];
        if (key === undefined) throw new TypeError(`there is no user ${act.user}`);
        asked.add(`${act.machine} ${act.user}`);
        const sessions = [...view.sessions.keys()];
        const replace = act.replaces ? sessions[act.machine % Math.max(1, sessions.length)] : undefined;
        const acquired = await instance.acquire({
          ...acquireRequest(key, nameOf(act.machine)),
          processId: String(act.user),
          takeOver: act.takeOver,
          replace,
        });
        const { lease } = seated(acquired);
        const known = answered.find(({ sessionId }) => sessionId === lease.sessionId);
        const { user, machine } = act;
        if (known === undefined)
          answered.push({ sessionId: lease.sessionId, user, machine, until: lease.expiresAt, released: false });
        else known.until = Math.max(known.until, lease.expiresAt);
        return 'acquired';
      }
      case 'heartbeat':
      case 'release': {
        const one = answered[act.which % Math.max(1, answered.length)];
        if (one === undefined) return 'nothing to do';
        if (act.kind === 'release') {
          one.released = true;
          await instance.release(one.sessionId);
          return 'released';
        }
        const { expiresAt } = await instance.heartbeat(one.sessionId);
        one.until = Math.max(one.until, expiresAt);
        return 'heartbeat';
      }
      case 'add':
        await instance.users.put(EVERYTHING, licenseId, addressOf(act.user), SYSTEM_ACTOR);
        return 'added';
      case 'remove':
        await instance.users.remove(EVERYTHING, licenseId, addressOf(act.user), SYSTEM_ACTOR);
        return 'removed';
      case 'change':
        await instance.licenses.change(EVERYTHING, licenseId, { lease_per: act.unit });
        return 'changed';
      case 'reap':
        await instance.reap();
        return 'reaped';
      default:
        return act satisfies never;
    }
  }

  const answerOf = (act: Act): Promise<string> =>
    perform(act).catch((error: unknown) => (isFault(error) ? error.code : `unexpected: ${error}`));

  async function take({ wait, acts }: History['steps'][number]): Promise<string[]> {
    now += wait * 1000;
    const answers = await gate.run(acts.map((act) => () => answerOf(act)));
    log.push(...acts.map((act, index) => `${JSON.stringify(act)} -> ${answers[index]}`));
    noteList(acts, answers);
    view = await readView(plain, licenseId);
    return [
      ...answers.filter((answer) => answer.startsWith('unexpected')),
      ...brokenInvariants(view),
      ...wrongHolders(licenseId, view),
      ...unnamed(),
      ...brokenAnswers(),
    ];
  }

  function noteList(acts: readonly Act[], answers: readonly string[]): void {
    for (let user = 0; user < USERS; user += 1) {
      const own = acts.flatMap((act, index) =>
        (act.kind === 'add' || act.kind === 'remove') && act.user === user ? [{ act, answer: answers[index] }] : [],
      );
      if (own.length === 0) continue;
      const [only] = own;
      const isSure = own.length === 1 && (only?.answer === 'added' || only?.answer === 'removed');
      if (isSure) listed.set(user, only?.act.kind === 'add');
      else listed.delete(user);
    }
  }

  /** Nobody who was removed has a seat once the removal has been answered. */
  function unnamed(): string[] {
    if (!history.named || view.license.lease_per !== 'user') return [];
    return [...listed].flatMap(([user, isListed]) =>
      !isListed && view.holders.has(userId(licenseId, addressOf(user))) ? [`a removed user ${user} has a seat`] : [],
    );
  }

  /** A session that was answered lives until its lease is over, unless there is a reason for its end. */
  function brokenAnswers(): string[] {
    return answered.flatMap(({ sessionId, user, machine, until, released }) => {
      const handle = handleOf(sessionId);
      const end = view.ended.get(handle);
      if (view.sessions.has(handle)) return end === undefined ? [] : ['an ended session is live'];
      if (end === undefined) return ['a session is gone without a reason'];
      if (end.reason === 'moved') moves += 1;
      const isLapsed = end.ended_at >= until + EXPIRY_SLACK;
      // Where the seat is the machine's, another key that comes from it takes the seat over.
      const others = Array.from({ length: USERS }, (_, other) => other).filter((other) => other !== user);
      const isRekeyed = end.reason === 'reclaimed' && others.some((other) => asked.has(`${machine} ${other}`));
      const needsLapse = end.reason === 'expired' || end.reason === 'reclaimed';
      if (needsLapse && !isLapsed && !isRekeyed) return [`a live session ended as ${end.reason}`];
      return end.reason === 'released' && !released ? ['a session was released by nobody'] : [];
    });
  }

  for (const step of history.steps) {
    const broken = await take(step);
    if (broken.length > 0) return { broken, log, moves };
  }
  await gate.calm();
  view = await readView(plain, licenseId);
  return { broken: [...brokenInvariants(view), ...wrongHolders(licenseId, view)], log, moves };
}

/** Sessions of another kind than the licence is leased per. While that changes, the sessions of the old kind end. */
function wrongHolders(licenseId: string, { license, sessions }: View): string[] {
  const own = holdersOf(licenseId, license.lease_per);
  return [...sessions.values()].flatMap(({ holder }) =>
    own.has(holder) ? [] : [`a session on a licence per ${license.lease_per} is of another kind`],
  );
}

function holdersOf(licenseId: string, unit: LeaseUnit): ReadonlySet<string> {
  const machines = Array.from({ length: MACHINES }, (_, machine) => machineId(licenseId, nameOf(machine)));
  const users = Array.from({ length: USERS }, (_, user) => user);
  switch (unit) {
    case 'machine':
      return new Set(machines);
    case 'user':
      return new Set(users.map((user) => userId(licenseId, addressOf(user))));
    case 'process':
      return new Set(machines.flatMap((machine) => users.map((user) => processHolderId(machine, String(user)))));
    default:
      return unit satisfies never;
  }
}
