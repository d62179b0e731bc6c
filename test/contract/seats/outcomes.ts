import { SYSTEM_ACTOR } from '#shared/audit/actor.ts';
import { isFault } from '#shared/model/errors.ts';
import type { Database } from './database.ts';
import { createInstance, EVERYTHING } from './instance.ts';
import { BORROW_SECONDS, type Operation } from './operations.ts';
import { createRandom } from './random.ts';
import { readView, type View } from './view.ts';
import { createWorld, type World } from './world.ts';

/** How the machine has its seat. */
export const KINDS = ['online', 'kept after its release (`after_copy`)', 'borrowed'] as const;
type Kind = (typeof KINDS)[number];

interface Stage {
  readonly world: World;
  readonly instance: ReturnType<typeof createInstance>;
  /** The handle of the machine's session, as it was before the act. */
  readonly handle: string;
  pass(seconds: number): void;
}

type Act = (stage: Stage) => Promise<unknown>;

const HOLDER = 1;
const NEIGHBOUR = 2;
const STRANGER = 3;
const SEATS = 2;
const START = Date.parse('2027-01-01T00:00:00Z');

const all =
  (...operations: readonly Operation[]): Act =>
  async ({ world }) => {
    for (const operation of operations) await world.act(operation);
  };

const at = 0;

/** What may happen to a licence or a session. */
export const ACTS: Readonly<Record<string, Act>> = {
  suspended: all({ kind: 'suspend', at }),
  'suspended and reinstated': all({ kind: 'suspend', at }, { kind: 'reinstate', at }),
  'fewer seats: 1': all({ kind: 'resize', at, seats: 1 }),
  'more seats: 3': all({ kind: 'resize', at, seats: 3 }),
  'another licence key, the older ones end': all({ kind: 'rotate', at, grace: 0 }),
  'its key ends': all({ kind: 'end key', at, endSessions: false }),
  'its key ends, with its sessions': all({ kind: 'end key', at, endSessions: true }),
  'the licence ends': async ({ world, pass }) => {
    await world.act({ kind: 'expire', at, seconds: 10 });
    // Longer than an instance remembers a licence.
    pass(90);
  },
  archived: ({ world, instance }) => instance.licenses.archive(EVERYTHING, world.licenseId, SYSTEM_ACTOR),
  'ended by an administrator': ({ instance, handle }) =>
    ignoring(instance.sessions.end(EVERYTHING, handle, SYSTEM_ACTOR)),
  recalled: ({ instance, handle }) =>
    ignoring(instance.sessions.end(EVERYTHING, handle, SYSTEM_ACTOR, { isLimited: false })),
};

/** A refusal is an outcome: the session goes on. */
const ignoring = (ending: Promise<void>): Promise<void> =>
  ending.catch((error: unknown) => {
    if (!isFault(error)) throw error;
  });

/** A licence of two seats, of which one machine has the first and another one the second. */
async function stage(database: Database, kind: Kind): Promise<Stage> {
  let now = START;
  const clock = { now: () => now };
  const random = createRandom(1);
  const isKept = kind !== 'online' && kind !== 'borrowed';
  const world = await createWorld({
    stores: [database.plain],
    plain: database.plain,
    clock,
    skews: [0],
    random,
    seats: SEATS,
    release: isKept ? 'after_copy' : 'at_once',
    borrow: kind === 'borrowed' ? 1 : 0,
  });
  const asking = { at, machine: HOLDER, newestKey: true };
  await world.act(
    kind === 'borrowed'
      ? { kind: 'borrow', ...asking, seconds: Math.max(...BORROW_SECONDS) }
      : { kind: 'acquire', ...asking },
  );
  if (isKept) await world.act({ kind: 'release', at, machine: HOLDER, stale: false });
  now += 60_000;
  await world.act({ kind: 'acquire', at, machine: NEIGHBOUR, newestKey: true });
  const { holders } = await readView(database.plain, world.licenseId);
  return {
    world,
    instance: createInstance({ store: database.plain, clock, random }),
    handle: holders.get(world.holder(HOLDER))?.session ?? '',
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}

export interface Outcome {
  readonly act: string;
  readonly kind: Kind;
  /** What became of the machine's session. */
  readonly session: string;
  /** How many seats there are then. */
  readonly seats: number;
  /** What the machine is answered when it acquires again, with the licence's newest key. */
  readonly again: string;
  /** What a third machine is answered. */
  readonly stranger: string;
}

/** Each look is at a licence of its own, since looking changes it. */
export async function outcomeOf(database: Database, act: string, kind: Kind): Promise<Outcome> {
  const after = async <T>(look: (stage: Stage, view: View) => T | Promise<T>): Promise<T> => {
    const set = await stage(database, kind);
    await ACTS[act]?.(set);
    return look(set, await readView(database.plain, set.world.licenseId));
  };
  const asking = (machine: number) =>
    after(({ world }) => world.act({ kind: 'acquire', at, machine, newestKey: true }));
  const { session, seats } = await after(async ({ world, handle }, { license, sessions, ended }) => {
    const end = ended.get(handle);
    if (end !== undefined) return { session: `ended: ${end.reason}`, seats: license.seats };
    // Nobody has the id of one that is kept.
    const isKept = sessions.get(handle)?.lingering === true;
    const told = isKept ? 'heartbeat' : await world.act({ kind: 'heartbeat', at, machine: HOLDER, stale: false });
    const later = await readView(database.plain, world.licenseId);
    const goesOn = told !== 'heartbeat' && later.sessions.has(handle);
    return { session: goesOn ? `${told}, and keeps its seat` : told, seats: license.seats };
  });
  return {
    act,
    kind,
    session,
    seats,
    again: await asking(HOLDER),
    stranger: await asking(STRANGER),
  };
}

/** As a table in Markdown. */
export function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ act, kind, session, seats, again, stranger }, index) => [
    outcomes[index - 1]?.act === act ? '' : act,
    kind,
    SESSION[session] ?? session.replace(/^ended: (\w+)/, 'ends: `$1`'),
    String(seats),
    ANSWERS[again] ?? `\`${again}\``,
    ANSWERS[stranger] ?? `\`${stranger}\``,
  ]);
  const head = ['', 'a seat that is', 'its session', 'seats', 'its machine asks again', 'another machine asks'];
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

const SESSION: Readonly<Record<string, string>> = {
  heartbeat: 'goes on',
  'ended: license_expired, and keeps its seat': 'is told `license_expired`, and keeps its seat',
};

const ANSWERS: Readonly<Record<string, string>> = {
  'new session': '201',
  moved: '200, another session',
  'same session': '200, the same session',
};
