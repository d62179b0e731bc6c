import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { createRecorder } from '#local/recorder.ts';
import { ADAPTERS, type Adapter, type Opened, startWorld, type World } from './adapters.ts';
import { effectsOf, expectedOf, FAULTS, type FaultCase, LATE, type Outcome, SHORT_DEADLINE } from './rule.ts';

/** Every adapter meets every fault before and after its act, and does what the one rule says. */

/** The deadline of calls over gRPC; undefined for the adapters' own, which are seconds. */
let deadline: number | undefined;
let world: World | undefined;
vi.mock('#shared/gcp/grpc.ts', async (original) => {
  const real = await original<typeof import('#shared/gcp/grpc.ts')>();
  return {
    ...real,
    sendOnce: (own: number) => real.sendOnce(deadline ?? own),
    deadlineIn: (own: number) => real.deadlineIn(deadline ?? own),
  };
});

interface Result {
  readonly outcome: Outcome;
  /** Calls that the stand-in saw. */
  readonly sent: number;
  readonly effects: number | undefined;
}

const results = new Map<string, Result>();
const idOf = (adapter: Adapter, fault: FaultCase) => `${adapter.name}: ${describeFault(fault)}`;

/** A connection that ends and an answer that is late lose an answer; a status takes its place. */
function describeFault({ name, kind, inject, after }: FaultCase): string {
  if (!after) return `${name} before the act`;
  return inject.code === 'DISCONNECT' || kind === 'late' ? `${name}, answer lost` : `${name} after the act`;
}

/**
 * Damage and slowness have no before and after, and what was not sent has no effect. Over HTTP nobody notices that the
 * caller has given up, so a late act always takes place.
 */
function sidesOf({ kind }: Omit<FaultCase, 'after'>, group: string): boolean[] {
  if (kind === 'late' && group === 'http') return [true];
  return ['transient', 'refused', 'late'].includes(kind) ? [false, true] : [false];
}

const casesOf = (adapter: Adapter): FaultCase[] =>
  adapter.faults.flatMap((group) =>
    (FAULTS[group] ?? [])
      .filter(({ name }) => adapter.except?.[name] === undefined)
      .flatMap((fault) => sidesOf(fault, group).map((after) => ({ ...fault, after }))),
  );

const TABLE = ADAPTERS.map((adapter) => ({ adapter, cases: casesOf(adapter) }));
const COUNT = TABLE.reduce((sum, { cases }) => sum + cases.length, 0);

// Their patience between two attempts is not what is tested.
vi.mock('#shared/gcp/retry.ts', async (original) => {
  const real = await original<typeof import('#shared/gcp/retry.ts')>();
  const retrying: typeof real.retrying = (call, policy = real.TRANSIENT) =>
    real.retrying(call, { ...policy, backoff: 1 });
  return { ...real, retrying };
});

/** A lost answer needs a code, which takes its place. */
const injected = ({ inject, kind, after }: FaultCase) =>
  kind === 'late' && after ? { ...inject, code: 'DEADLINE_EXCEEDED' } : inject;

/** Meets some faults, one after the other. */
async function meet(world: World, adapter: Adapter, cases: readonly FaultCase[], timeout: number): Promise<void> {
  const { service, method } = adapter;
  const { recorder } = world;
  const opened = await adapter.open(world, timeout);
  const called = () => recorder.calls()[`${service}.${method}`] ?? 0;
  await warmUp(adapter, opened);
  for (const fault of cases) {
    const [before, seen] = [await opened.effects?.(), called()];
    recorder.inject({ service, method, times: 1, lost: fault.after, ...injected(fault) });
    const outcome = await opened.act();
    const sent = called() - seen;
    if (fault.kind === 'late') await waitForLateActs();
    const effects = before === undefined ? undefined : ((await opened.effects?.()) ?? 0) - before;
    results.set(idOf(adapter, fault), { outcome, sent, effects });
  }
}

/** Connects, and compiles what the first call compiles, which may take longer than a short deadline. */
async function warmUp({ name }: Adapter, opened: Opened): Promise<void> {
  for (let attempt = 1; attempt < 5; attempt += 1) if ((await opened.act()) === 'ok') return;
  expect(await opened.act(), name).toBe('ok');
}

/** The act of a call whose caller has given up takes place when its delay is over. */
const waitForLateActs = () => new Promise((resolve) => setTimeout(resolve, LATE - SHORT_DEADLINE + 500));

beforeAll(async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  const started = await startWorld(createRecorder());
  world = started;
  const late = ({ kind }: FaultCase) => kind === 'late';
  // One adapter of a service at a time, since a connection that is cut carries the calls of all.
  await Promise.all(
    [...Map.groupBy(TABLE, ({ adapter }) => adapter.service).values()].map(async (ofService) => {
      for (const { adapter, cases } of ofService)
        await meet(
          started,
          adapter,
          cases.filter((one) => !late(one)),
          20_000,
        );
    }),
  );
  deadline = SHORT_DEADLINE;
  const store = started.reconnect();
  const hasty = { ...started, store };
  const slow = TABLE.map(({ adapter, cases }) => ({ adapter, cases: cases.filter(late) }));
  // The two that share a method do so one after the other.
  await Promise.all(
    [...Map.groupBy(slow, ({ adapter }) => adapter.uses ?? `${adapter.service}.${adapter.method}`).values()].map(
      async (ofMethod) => {
        for (const { adapter, cases } of ofMethod) await meet(hasty, adapter, cases, SHORT_DEADLINE);
      },
    ),
  );
}, 120_000);
afterAll(async () => {
  await world?.close();
  vi.unstubAllEnvs();
});

describe.each(TABLE)('$adapter.name', ({ adapter, cases }) => {
  test.each(cases.map((fault) => [describeFault(fault), fault] as const))('%s', (_name, fault) => {
    const expected = expectedOf(adapter, fault);
    const { outcome, sent, effects } = results.get(idOf(adapter, fault)) ?? missing();
    expect(outcome).toBe(expected.outcome);
    if (expected.sent === 1) expect(sent).toBe(1);
    // A machine under load loses a connection of its own now and then, which costs another attempt.
    else expect([2, 3, 4]).toContain(sent);
    if (effects !== undefined && adapter.effect === 'once') expect(effects).toBe(effectsOf(fault, expected));
  });
});

const missing = (): Result => {
  throw new TypeError('the case was not run');
};

test('the table is complete', () => {
  process.stdout.write(`fault table: ${ADAPTERS.length} adapters, ${COUNT} rows\n`);
  expect(results.size).toBe(COUNT);
  expect(COUNT).toBeGreaterThan(350);
});
