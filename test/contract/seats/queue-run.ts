import { createLeaveQueue } from '#functions/seats/leave-queue.ts';
import type { Clock } from '#shared/model/clock.ts';
import { isFault } from '#shared/model/errors.ts';
import { expiredBefore } from '#shared/model/session.ts';
import { handleOf, machineId } from '#shared/model/session-id.ts';
import { isWaiting, type Ticket, ticketFields } from '#shared/model/ticket.ts';
import { dayOf } from '#shared/model/usage.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import type { Database } from './database.ts';
import { brokenDays, type Days, readDays } from './days.ts';
import { createGate } from './gate.ts';
import { acquireRequest, createInstance } from './instance.ts';
import { type QueueHistory, type QueueOperation, type QueueStep, WAIT_SECONDS } from './queue-history.ts';
import { createRandom } from './random.ts';
import type { Decorate } from './run.ts';
import { brokenInvariants, readView, type View } from './view.ts';
import { createWorld } from './world.ts';

const START = Date.parse('2027-01-01T06:00:00Z');
const DURATION_SECONDS = 30 * 86_400;
const ALL = 1_000;

type Answer =
  | { readonly kind: 'seat'; readonly startedAt: number | null }
  | { readonly kind: 'place'; readonly ticketId: string; readonly position: number }
  | { readonly kind: 'other'; readonly text: string };

interface QueueView extends View, Days {
  readonly tickets: ReadonlyMap<string, Pick<Ticket, 'rank' | 'ticket' | 'polled_until' | 'wait_until'>>;
  readonly malformedTickets: readonly string[];
}

async function readQueueView(store: DocumentReader, licenseId: string): Promise<QueueView> {
  const all = (collection: string) => store.query({ collection, where: [], limit: ALL });
  const [view, tickets, days] = await Promise.all([
    readView(store, licenseId),
    all(`licenses/${licenseId}/queue`),
    readDays(store, licenseId),
  ]);
  const parsed = tickets.map(({ id, path, fields }) => ({ id, path, ...ticketFields.safeParse(fields) }));
  return {
    ...view,
    ...days,
    tickets: new Map(parsed.flatMap(({ id, data }) => (data === undefined ? [] : [[id, data]]))),
    malformedTickets: parsed.flatMap(({ path, success }) => (success ? [] : [path])),
  };
}

/**
 * Plays a history of a licence with a queue that begins with its first seat, and checks the store and the answers after
 * every step.
 * @returns the violations at the first step that has any, and the history up to it
 */
export async function playQueue(database: Database, history: QueueHistory, decorate: Decorate = (store) => store) {
  const random = createRandom(history.seed);
  let now = START;
  const gate = createGate({ random, recorder: database.recorder, faults: history.faults, onTurn: () => (now += 1) });
  const isCalm = history.faults === 0;
  const stores = (isCalm ? database.direct : database.clients).map((client) => decorate(gate.guard(client)));
  const clocks = history.skews.map((skew): Clock => ({ now: () => now + skew }));
  const terms = {
    queue: { max_length: history.maxLength },
    machines_per_day: history.machinesPerDay,
    starts: 'first_acquire' as const,
    duration_seconds: DURATION_SECONDS,
  };
  const world = await createWorld({
    stores,
    plain: database.plain,
    clock: { now: () => now },
    skews: history.skews,
    random,
    seats: history.seats,
    release: 'at_once',
    terms,
  });
  const { licenseId } = world;
  const { key } = world.keyFor(true);
  const instances = stores.map((store, at) => {
    const clock = clocks[at] ?? { now: () => now };
    return { ...createInstance({ store, clock, random }), leave: createLeaveQueue({ store, clock }), clock };
  });
  const holderOf = (machine: number) => machineId(licenseId, `machine-${machine}`);
  const sessions = new Map<number, string>();
  const tickets = new Map<number, string>();
  const told: string[] = [];
  let before = await readQueueView(database.plain, licenseId);

  async function act(operation: QueueOperation): Promise<Answer> {
    const instance = instances[operation.at];
    if (instance === undefined) throw new TypeError('there is no such instance');
    if (operation.kind === 'reap') {
      await instance.reap();
      return { kind: 'other', text: 'reaped' };
    }
    const { machine } = operation;
    const request = { ...acquireRequest(key, `machine-${machine}`) };
    if (operation.kind === 'ask' || operation.kind === 'try') {
      const queue = operation.kind === 'ask' ? { maxWaitSeconds: WAIT_SECONDS } : undefined;
      const outcome = await instance.acquire({ ...request, queue });
      if (outcome.kind === 'acquired') {
        sessions.set(machine, outcome.lease.sessionId);
        return { kind: 'seat', startedAt: outcome.lease.license.started_at };
      }
      tickets.set(machine, outcome.place.ticketId);
      return { kind: 'place', ticketId: outcome.place.ticketId, position: outcome.place.position };
    }
    const secret = (operation.kind === 'release' ? sessions : tickets).get(machine);
    if (secret === undefined) return { kind: 'other', text: 'nothing to do' };
    await (operation.kind === 'release' ? instance.release(secret) : instance.leave(secret));
    return { kind: 'other', text: operation.kind };
  }

  const answer = (operation: QueueOperation): Promise<Answer> =>
    act(operation).catch((error: unknown) => ({
      kind: 'other',
      text: isFault(error) ? error.code : `unexpected: ${error}`,
    }));

  /** What the rule of admission says to one machine that asks alone. */
  function expected(operation: QueueOperation, at: Clock): string | undefined {
    if (operation.kind !== 'ask' && operation.kind !== 'try') return undefined;
    const holder = holderOf(operation.machine);
    if (before.license.reconciling) return undefined;
    if (before.holders.has(holder)) return 'seat';
    const time = at.now();
    const today = before.machines.get(dayOf(time)) ?? new Set();
    if (history.machinesPerDay !== null && !today.has(holder) && today.size >= history.machinesPerDay) {
      return 'machine_limit_reached';
    }
    const own = before.tickets.get(holder);
    const living = inOrder(before.tickets, time);
    const lapsed = [...before.sessions.values()].filter(({ expires_at }) => expires_at <= expiredBefore(time)).length;
    const free = before.seats.size - before.sessions.size + lapsed;
    const ahead = living.indexOf(holder);
    if ((ahead < 0 ? living.length : ahead) < free) return 'seat';
    if (ahead >= 0) return 'place';
    if (operation.kind === 'try' || (own !== undefined && own.wait_until <= time)) return 'no_seats_available';
    return living.length >= history.maxLength ? 'queue_full' : 'place';
  }

  function brokenAnswers(
    operations: readonly QueueOperation[],
    answers: readonly Answer[],
    after: QueueView,
  ): string[] {
    const broken = answers.flatMap((one) =>
      one.kind === 'other' && one.text.startsWith('unexpected') ? [one.text] : [],
    );
    if (!isCalm) return broken;
    const ofMachine = Map.groupBy(
      operations.flatMap((operation, index) =>
        'machine' in operation ? [{ operation, answer: answers[index] as Answer }] : [],
      ),
      ({ operation }) => operation.machine,
    );
    for (const [machine, all] of ofMachine) {
      const ticket = after.tickets.get(holderOf(machine));
      const kinds = new Set(all.map((one) => one.answer.kind));
      const onlyAsks = all.every(({ operation }) => operation.kind === 'ask' || operation.kind === 'try');
      if (!onlyAsks || kinds.size !== 1) continue;
      if (kinds.has('seat') && ticket !== undefined) broken.push(`Q4: machine ${machine} has its seat and a ticket`);
      for (const { answer: one } of all) {
        if (one.kind === 'seat' && one.startedAt !== after.license.started_at) broken.push('Q7: begun twice');
        if (one.kind === 'place' && (ticket?.polled_until ?? 0) < now + 9_000) {
          broken.push(`Q8: a poll has not kept the ticket of machine ${machine} alive`);
        }
        if (one.kind === 'place' && ticket?.ticket !== handleOf(one.ticketId)) {
          broken.push(`Q2: machine ${machine} was answered a ticket that it does not have`);
        }
      }
    }
    return broken;
  }

  function brokenState(after: QueueView): string[] {
    const broken = after.malformedTickets.map((path) => `Q1: ${path} is malformed`);
    broken.push(...brokenDays(after, history.machinesPerDay));
    const { started_at: started, expires_at: end } = after.license;
    if (before.license.started_at !== null && started !== before.license.started_at) broken.push('Q7: begun twice');
    if (started !== null && end !== started + DURATION_SECONDS * 1000)
      broken.push('Q7: the licence ends at another time');
    if (started === null && after.sessions.size > 0) broken.push('Q7: a seat was taken, and the licence has not begun');
    return broken;
  }

  /** Who waited before and lives on keeps its place. */
  function brokenOrder(after: QueueView): string[] {
    return [...before.tickets].flatMap(([holder, { rank, ticket, polled_until, wait_until }]) => {
      const kept = after.tickets.get(holder);
      const lived = Math.min(polled_until, wait_until) > now + Math.max(...history.skews);
      return lived && kept !== undefined && kept.ticket === ticket && kept.rank !== rank
        ? ['Q3: a waiting machine has lost its place']
        : [];
    });
  }

  async function take(step: QueueStep): Promise<string[]> {
    if (step.kind === 'wait') {
      now += step.seconds * 1000;
      told.push(JSON.stringify(step));
      return [];
    }
    const [only] = step.operations;
    const clock = only && instances[only.at]?.clock;
    const wanted = isCalm && step.operations.length === 1 && only && clock ? expected(only, clock) : undefined;
    const answers = await gate.run(step.operations.map((operation) => () => answer(operation)));
    for (const [index, operation] of step.operations.entries()) {
      told.push(`${JSON.stringify(operation)} -> ${JSON.stringify(answers[index])}`);
    }
    const after = await readQueueView(database.plain, licenseId);
    const broken = [
      ...brokenInvariants(after),
      ...brokenState(after),
      ...brokenAnswers(step.operations, answers, after),
      ...brokenOrder(after),
    ];
    const [got] = answers;
    if (wanted !== undefined && got !== undefined && only !== undefined && 'machine' in only) {
      const kind = got.kind === 'other' ? got.text : got.kind;
      if (kind !== wanted) broken.push(`Q5: ${wanted} expected, not ${kind}`);
      if (got.kind === 'place') {
        const position = inOrder(after.tickets, clock?.now() ?? now).indexOf(holderOf(only.machine)) + 1;
        if (got.position !== position) broken.push(`Q5: place ${position} expected, not ${got.position}`);
      }
    }
    before = after;
    return broken;
  }

  for (const step of history.steps) {
    const broken = await take(step);
    if (broken.length > 0) return { broken, history: told };
  }
  await gate.calm();
  return { broken: brokenInvariants(await readView(database.plain, licenseId)), history: told };
}

const inOrder = (tickets: QueueView['tickets'], time: number): string[] =>
  [...tickets]
    .filter(([, ticket]) => isWaiting(ticket as Ticket, time))
    .toSorted(([a, { rank: first }], [b, { rank: second }]) => (`${first} ${a}` < `${second} ${b}` ? -1 : 1))
    .map(([holder]) => holder);
