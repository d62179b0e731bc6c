import { SHARDS } from '#shared/model/session.ts';
import type { DocumentStore } from '#shared/store/store.ts';
import type { Database } from './database.ts';
import { brokenDays, readDays } from './days.ts';
import { expectation } from './expectation.ts';
import { createGate } from './gate.ts';
import { brokenPromises } from './ledger.ts';
import { BORROW_SECONDS, LEASE_SECONDS, MACHINES, type Operation, type Sequence, type Step } from './operations.ts';
import { createRandom } from './random.ts';
import { brokenInvariants, readView, type View } from './view.ts';
import { createWorld, UNEXPECTED } from './world.ts';

/** Wraps the store that the domain is given. A planted bug is a store that drops a precondition. */
export type Decorate = (store: DocumentStore) => DocumentStore;

const DAY = 86_400_000;
const START = Date.parse('2027-01-01T00:00:00Z');

/**
 * Plays a sequence and checks the whole store after every step.
 * @returns the violations at the first step that has any, and the history up to it
 */
export async function play(database: Database, sequence: Sequence, decorate: Decorate = (store) => store) {
  const { terms = {}, isRestless = false, earlyReturn = true, callTime = 1 } = sequence;
  const random = createRandom(sequence.seed);
  let now = START;
  let calls = 0;
  let due: { readonly at: number; readonly run: () => void }[] = [];
  const onTurn = (milliseconds: number) => {
    now += callTime + milliseconds;
    calls += 1;
    const running = due.filter(({ at }) => at <= calls);
    due = due.filter(({ at }) => at > calls);
    for (const { run } of running) run();
  };
  const gate = createGate({ random, recorder: database.recorder, faults: sequence.faults, onTurn });
  let sessions = 0;
  const clients = sequence.faults === 0 ? database.direct : database.clients;
  const stores = clients.map((client, at) =>
    decorate(
      gate.guard(
        withSteadyShards(client, () => sessions++),
        sequence.latencies?.[at],
      ),
    ),
  );
  const world = await createWorld({
    stores,
    plain: database.plain,
    clock: { now: () => now },
    skews: sequence.skews,
    random,
    seats: sequence.seats,
    release: sequence.release,
    borrow: sequence.borrow,
    terms,
    earlyReturn,
    isRestless,
    afterCalls: (count, run) => {
      due.push({ at: calls + count, run });
    },
  });
  const machinesPerDay = terms.machines_per_day ?? null;
  const history: string[] = [];
  let before = await readView(database.plain, world.licenseId);
  let endings = before.ended;

  async function look(): Promise<{ view: View; broken: string[] }> {
    const view = await readView(database.plain, world.licenseId);
    const broken = [...brokenInvariants(view), ...brokenPromises(world, view, endings, now)];
    if (machinesPerDay !== null)
      broken.push(...brokenDays(await readDays(database.plain, world.licenseId), machinesPerDay));
    endings = view.ended;
    return { view, broken };
  }

  async function take(step: Step): Promise<string[]> {
    if (step.kind === 'wait') now += step.seconds * 1000;
    if (step.kind === 'crash') world.forget(step.machine);
    if (step.kind !== 'together') {
      history.push(JSON.stringify(step));
      return [];
    }
    // The model knows neither the terms nor what nobody has heard of.
    const isModelled = sequence.faults === 0 && !isRestless && sequence.terms === undefined;
    const expected = isModelled ? expectation(world, before, step.operations) : undefined;
    const act = async (operation: Operation) => {
      if (operation.begins !== undefined) await gate.pass(operation.begins);
      return world.act(operation);
    };
    const answers = await gate.run(step.operations.map((operation) => () => act(operation)));
    step.operations.forEach((operation, index) => {
      history.push(`${JSON.stringify(operation)} -> ${answers[index]}`);
    });
    const { view, broken } = await look();
    broken.push(...answers.filter((answer) => answer.startsWith(UNEXPECTED)));
    if (expected !== undefined) broken.push(...expected(answers, view));
    before = view;
    return broken;
  }

  /** Clients stop, the reaper ends all sessions, and then every seat of the licence can be acquired again. */
  async function quiesce(): Promise<string[]> {
    history.push('quiescence');
    const one = async (operation: Operation) => (await gate.run([() => world.act(operation)]))[0] ?? '';
    due = [];
    await gate.calm();
    await gate.run([world.settled]);
    await one({ kind: 'reinstate', at: 0 });
    await one({ kind: 'expire', at: 0, seconds: 1_000_000 });
    now += (Math.max(LEASE_SECONDS, ...BORROW_SECONDS) + 10) * 1000;
    if (machinesPerDay !== null) now += DAY;
    await one({ kind: 'reap', at: 0 });
    const { view, broken } = await look();
    if (view.sessions.size > 0) broken.push(`leak: ${view.sessions.size} sessions without heartbeats`);
    const newcomers = Array.from({ length: view.license.max_seats + 1 }, (_, index) => MACHINES + index);
    const answers = await gate.run(
      newcomers.map((machine) => () => world.act({ kind: 'acquire', at: 0, machine, newestKey: true })),
    );
    const granted = answers.filter((answer) => answer === 'new session').length;
    const seats = Math.min(view.license.max_seats, machinesPerDay ?? view.license.max_seats);
    if (granted !== seats) broken.push(`leak: ${granted} of ${seats} seats can be acquired`);
    broken.push(...(await look()).broken);
    return broken;
  }

  if (before.sessions.size > 0) throw new Error('a fresh licence has no sessions');
  for (const step of sequence.steps) {
    const broken = await take(step);
    if (broken.length > 0) return { broken, history };
  }
  return { broken: await quiesce(), history };
}

/** Assigns shards in turn. They derive from the random session id and decide which session the reaper reads first. */
function withSteadyShards(store: DocumentStore, next: () => number): DocumentStore {
  return {
    ...store,
    commit: (writes) =>
      store.commit(
        writes.map((write) =>
          write.op === 'create' && write.path.startsWith('sessions/')
            ? { ...write, fields: { ...write.fields, shard: next() % SHARDS } }
            : write,
        ),
      ),
  };
}
