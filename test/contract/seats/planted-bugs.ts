import type { DocumentStore, Precondition, Write } from '#shared/store/store.ts';
import type { Scenario } from './operations.ts';
import type { Decorate } from './run.ts';

/**
 * One of the protocol's preconditions, left out: an implementation whose author thought that it was not needed. The
 * bug is planted in the store that the domain is given, so the domain's code is unchanged.
 */
export interface PlantedBug {
  readonly name: string;
  /** The invariants that break according to docs/seats.md. The checker must name one of them. */
  readonly breaks: RegExp;
  /** The scenario that finds it soonest; `daily`: the histories of every test run, few as they are. */
  readonly scenario: Scenario | 'daily';
  readonly decorate: Decorate;
}

type Weaken = (write: Write, commit: readonly Write[]) => Write;

const weakened =
  (weaken: Weaken): Decorate =>
  (store) => ({ ...store, commit: (writes) => store.commit(writes.map((write) => weaken(write, writes))) });

const isEnded = ({ path }: Write) => path.startsWith('ended_sessions/');
const isSession = ({ path }: Write) => path.startsWith('sessions/');
const isHolder = ({ path }: Write) => path.includes('/holders/');
const isSlot = ({ path }: Write) => path.includes('/borrows/');
const isLicense = ({ path }: Write) => /^licenses\/[^/]+$/.test(path);

/** Whether a commit ends a session for this reason and with this kind of precondition. */
const ends = (reason: string, guard: keyof Precondition | 'lastUpdateTime' | 'exists') => (commit: readonly Write[]) =>
  commit.some((write) => write.op === 'create' && isEnded(write) && write.fields['reason'] === reason) &&
  commit.some(
    (write) =>
      write.op === 'delete' && isSession(write) && write.precondition !== undefined && guard in write.precondition,
  );

const isReap = ends('expired', 'lastUpdateTime');
const isTakeover = ends('reclaimed', 'lastUpdateTime');
const isRelease = ends('released', 'exists');
const isRecall = ends('recalled', 'exists');
const isBorrow = ends('borrowed', 'lastUpdateTime');
const isReleaseUnchanged = ends('released', 'lastUpdateTime');
const isShrink = ends('seats_reduced', 'exists');
const isSuspend = ends('license_suspended', 'exists');

/** Requires only that the session exists. */
const onlyExists =
  (applies: (commit: readonly Write[]) => boolean): Weaken =>
  (write, commit) =>
    write.op === 'delete' && isSession(write) && applies(commit) ? { ...write, precondition: { exists: true } } : write;

/** Requires nothing of the session. Creating the ended session would still fail on a second end, so it becomes a set. */
const unguarded =
  (applies: (commit: readonly Write[]) => boolean): Weaken =>
  (write, commit) => {
    if (!applies(commit)) return write;
    if (write.op === 'delete' && isSession(write)) return { op: 'delete', path: write.path };
    return write.op === 'create' && isEnded(write) ? { ...write, op: 'set' } : write;
  };

/** A release that opens the seat where it should keep it for its machine. */
const openingAtOnce: Decorate = (store) => ({
  ...store,
  commit: (writes) => store.commit(isReleaseUnchanged(writes) ? writes.flatMap(openedAtOnce) : writes),
});

function openedAtOnce(write: Write): Write[] {
  if (write.op === 'create' && isSession(write)) return [];
  if (write.op === 'update' && isHolder(write)) return [{ op: 'delete', path: write.path }];
  const isSeat = write.op === 'update' && write.path.includes('/seats/');
  return [isSeat ? { ...write, fields: { open: 0.5, session: null } } : write];
}

const unlessRead = (write: Write): Write =>
  write.op === 'update' ? { op: 'update', path: write.path, fields: write.fields } : write;

/** A heartbeat that writes the session whether it exists or not. */
const reviving: Decorate = (store): DocumentStore => ({
  ...store,
  async writeEach(writes, raised) {
    const refusals = await store.writeEach(writes, raised);
    const missing = writes.filter((write, index) => write.op === 'update' && refusals[index] === 'not_found');
    if (missing.length === 0) return refusals;
    await store.commit(
      missing.map(({ path, ...write }) => ({
        op: 'set',
        path,
        fields: 'maximum' in write ? { ...write.maximum } : {},
      })),
    );
    return writes.map(() => undefined);
  },
});

/** An acquire that trusts the holder document and does not renew the session. */
const notRenewing: Decorate = (store) => ({
  ...store,
  writeEach: async (writes, raised) =>
    writes.every((write) => write.op === 'update' && 'hostname' in write.fields)
      ? writes.map(() => undefined)
      : store.writeEach(writes, raised),
});

const isReturn = (commit: readonly Write[]) =>
  commit.some((write) => write.op === 'create' && write.path.includes('/seats/') && write.fields['session'] !== null);

const isExtension = (commit: readonly Write[]) =>
  commit.some((write) => write.op === 'update' && isSession(write) && write.maximum?.['borrowed_until'] !== undefined);

const isExtendedShrink = (commit: readonly Write[]) =>
  ends('seats_reduced', 'lastUpdateTime')(commit) || ends('license_suspended', 'lastUpdateTime')(commit);

/** A borrowed session that another one replaces because its licence key has changed. */
const isRekeyed = (commit: readonly Write[]) =>
  isTakeover(commit) && commit.some((write) => write.op === 'update' && isSlot(write));

const SHORTER = 60_000;

/** Ends a borrowed seat a minute early. */
const shortened = (write: Write): Write => {
  if (!('fields' in write)) return write;
  const sooner = Object.entries(write.fields).map(([name, value]) => {
    const isEnd = ['until', 'borrowed_until', 'expires_at', 'copy_until'].includes(name) && typeof value === 'number';
    return [name, isEnd ? value - SHORTER : value];
  });
  return { ...write, fields: Object.fromEntries(sooner) };
};

export const PLANTED_BUGS: readonly PlantedBug[] = [
  {
    name: 'claim takes a seat that is no longer as it was read',
    breaks: /I1|I3|I5/,
    scenario: 'anything',
    decorate: weakened((write) => (write.op === 'update' && write.fields['open'] === null ? unlessRead(write) : write)),
  },
  {
    name: 'claim and takeover overwrite the holder',
    breaks: /I2|I3/,
    scenario: 'twins',
    decorate: weakened((write) => (write.op === 'create' && isHolder(write) ? { ...write, op: 'set' } : write)),
  },
  {
    name: 'takeover ends a session that a heartbeat has prolonged',
    breaks: /I6/,
    scenario: 'lapse',
    decorate: weakened(onlyExists(isTakeover)),
  },
  {
    name: 'takeover ends a session that is gone',
    breaks: /I1|I2|I3|I5|I6|I8/,
    scenario: 'lapse',
    decorate: weakened(unguarded(isTakeover)),
  },
  { name: 'renewal is answered without being written', breaks: /I7/, scenario: 'anything', decorate: notRenewing },
  {
    name: 'heartbeat writes a session that is gone',
    breaks: /I1|I2|I3|I4|I5/,
    scenario: 'doubleRelease',
    decorate: reviving,
  },
  {
    name: 'release ends a session that is gone',
    breaks: /I1|I2|I3|I5|I9/,
    scenario: 'doubleRelease',
    decorate: weakened(unguarded(isRelease)),
  },
  {
    name: 'reaper ends a session that a heartbeat has prolonged',
    breaks: /I6/,
    scenario: 'lapse',
    decorate: weakened(onlyExists(isReap)),
  },
  {
    name: 'reaper ends a session that is gone',
    breaks: /I1|I2|I3|I5|I6|I9/,
    scenario: 'lapse',
    decorate: weakened(unguarded(isReap)),
  },
  {
    name: 'a seat is kept for too short a time when a copy was signed meanwhile',
    breaks: /I9/,
    scenario: 'comeAndGo',
    decorate: weakened(onlyExists(isReleaseUnchanged)),
  },
  {
    name: 'a released seat is open while its copy works',
    breaks: /I9/,
    scenario: 'comeAndGo',
    decorate: openingAtOnce,
  },
  {
    name: 'a session ends without its reason',
    breaks: /I8/,
    scenario: 'doubleRelease',
    decorate: (store) => ({ ...store, commit: (writes) => store.commit(writes.filter((write) => !isEnded(write))) }),
  },
  {
    name: 'shrink removes an open seat that has been claimed',
    breaks: /I1|I3|I5/,
    scenario: 'narrow',
    decorate: weakened((write) =>
      write.op === 'delete' && write.path.includes('/seats/') && write.precondition !== undefined
        ? { ...write, precondition: { exists: true } }
        : write,
    ),
  },
  {
    name: 'shrink ends a session that is gone',
    breaks: /I1|I2|I3|I5/,
    scenario: 'shrink',
    decorate: weakened(unguarded((commit) => isShrink(commit) || isSuspend(commit))),
  },
  {
    name: 'an ended key is not kept for the reaper',
    breaks: /key_ended/,
    scenario: 'endKey',
    decorate: (store) => ({
      ...store,
      commit: (writes) => store.commit(writes.filter(({ path }) => !path.startsWith('key_endings/'))),
    }),
  },
  {
    name: 'administration counts seats over another’s change',
    breaks: /I1|I5/,
    scenario: 'resize',
    decorate: weakened((write) =>
      write.op === 'update' && isLicense(write) && 'seats' in write.fields ? unlessRead(write) : write,
    ),
  },
  {
    name: 'a borrow slot is taken although somebody has it',
    breaks: /I3|I14|I16/,
    scenario: 'borrow',
    decorate: weakened((write) => (write.op === 'create' && isSlot(write) ? { ...write, op: 'set' } : write)),
  },
  {
    name: 'the slot of a borrowed seat is forgotten when its session is ended',
    breaks: /I14|I15/,
    scenario: 'borrowedAway',
    decorate: weakened((write) =>
      write.op === 'update' && isSlot(write) && write.fields['orphan'] === true
        ? { op: 'delete', path: write.path }
        : write,
    ),
  },
  {
    name: 'a seat is borrowed in place of a session that is gone',
    breaks: /I1|I2|I3|I5|I16/,
    scenario: 'borrowTwins',
    decorate: weakened(unguarded(isBorrow)),
  },
  {
    name: 'a seat that is borrowed for longer is written although it is gone',
    breaks: /I3|I4|I16/,
    scenario: 'borrowRekeyed',
    decorate: weakened((write, commit) =>
      write.op === 'update' && isSession(write) && isExtension(commit)
        ? { op: 'merge', path: write.path, fields: write.fields, maximum: write.maximum ?? {} }
        : write,
    ),
  },
  {
    name: 'recall ends a session that is gone',
    breaks: /I1|I2|I3|I5|I16/,
    scenario: 'borrowRekeyed',
    decorate: weakened(unguarded(isRecall)),
  },
  {
    name: 'release ends a seat that was borrowed for longer',
    breaks: /I14/,
    scenario: 'borrowedBrink',
    decorate: weakened(onlyExists(isReleaseUnchanged)),
  },
  {
    name: 'a session that replaces a borrowed one leaves it its slot',
    breaks: /I16/,
    scenario: 'borrowRekeyed',
    decorate: (store) => ({
      ...store,
      commit: (writes) =>
        store.commit(
          isTakeover(writes)
            ? writes.filter((write) => !(write.op === 'update' && isSlot(write) && 'session' in write.fields))
            : writes,
        ),
    }),
  },
  {
    name: 'seats are counted over a change that leaves a copy without one',
    breaks: /I1|I5|I15/,
    scenario: 'borrowedAway',
    decorate: weakened((write, commit) =>
      write.op === 'update' && isLicense(write) && 'seats' in write.fields && !isReturn(commit)
        ? unlessRead(write)
        : write,
    ),
  },
  {
    name: 'takeover ends a seat that was borrowed for longer',
    breaks: /I14/,
    scenario: 'extendedBrink',
    decorate: weakened(onlyExists(isTakeover)),
  },
  {
    name: 'reaper ends a seat that was borrowed for longer',
    breaks: /I14/,
    scenario: 'extendedBrink',
    decorate: weakened(onlyExists(isReap)),
  },
  {
    name: 'shrink ends a seat that was borrowed for longer',
    breaks: /I14/,
    scenario: 'extendedBrink',
    decorate: weakened(onlyExists(isExtendedShrink)),
  },
  {
    name: 'a machine comes back to its seat over a change of the licence',
    breaks: /I1|I5|I15/,
    scenario: 'orphanNarrow',
    decorate: weakened((write, commit) =>
      write.op === 'update' && isLicense(write) && 'seats' in write.fields && isReturn(commit)
        ? unlessRead(write)
        : write,
    ),
  },
  {
    name: 'a slot is forgotten although its machine came back to it',
    breaks: /I14|I16/,
    scenario: 'orphanBrink',
    decorate: weakened((write, commit) =>
      write.op === 'delete' && isSlot(write) && write.precondition !== undefined && commit.length > 0
        ? { op: 'delete', path: write.path }
        : write,
    ),
  },
  {
    name: 'a hand-over shortens a borrow',
    breaks: /I14/,
    scenario: 'daily',
    decorate: weakened((write, commit) => (isRekeyed(commit) ? shortened(write) : write)),
  },
];
