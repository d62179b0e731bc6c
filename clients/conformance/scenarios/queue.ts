import { expect } from 'vitest';
import type { Adapter } from '../adapter.ts';
import { denies, failing, held, refusedWith, type Scenario, type Stage, types } from './scenario.ts';

const WAIT = { wait_ms: 120_000, patience_ms: 60_000 };

/** A licence with a queue, whose only seat somebody has. */
async function full({ server, program, hold }: Stage): Promise<Adapter> {
  server.terms.queue = { pollSeconds: 1 };
  const holder = await program();
  held(await hold(holder, { hardware_id: 'holder' }));
  return holder;
}

/** Another machine, which has got its place. */
async function waiter({ program, hold }: Stage, machine: string) {
  const one = await program();
  const answer = hold(one, { ...WAIT, hardware_id: machine });
  await one.event('queued');
  return { one, answer };
}

const positions = (program: Adapter) =>
  program.events.flatMap(({ type, position }) => (type === 'queued' ? [position] : []));

/** Waiting for a seat of a licence that has a queue. */
export const QUEUE: readonly Scenario[] = [
  {
    name: 'machines wait in the queue, are told their place, and get the seat in their order',
    needs: 'queue',
    async play(stage) {
      const holder = await full(stage);
      const first = await waiter(stage, 'first');
      const second = await waiter(stage, 'second');
      expect(await second.one.event('queued')).toMatchObject({ position: 2, queue_length: 2 });
      await holder.ask({ do: 'release' });
      held(await first.answer);
      await second.one.event('queued', { position: 1 });
      await first.one.ask({ do: 'release' });
      held(await second.answer);
      expect([positions(first.one)[0], positions(second.one)]).toEqual([1, [2, 1]]);
      expect([types(first.one).at(-1), types(second.one).at(-1)]).toEqual(['released', 'held']);
      expect([stage.server.waiting(), stage.server.of('leave').length]).toEqual([0, 0]);
    },
  },
  {
    name: 'the same place is not told twice, and asked for as often as the server says',
    needs: 'queue',
    async play(stage) {
      await full(stage);
      const { one } = await waiter(stage, 'waiting');
      await stage.server.until('acquire', 5);
      expect([positions(one), stage.server.waiting()]).toEqual([[1], 1]);
      for (const { body } of stage.server.of('acquire').slice(1))
        expect(body['queue']).toEqual({ max_wait_seconds: WAIT.wait_ms / 1000 });
    },
  },
  {
    name: 'who gives up leaves the queue',
    needs: 'queue',
    async play(stage) {
      await full(stage);
      const { one, answer } = await waiter(stage, 'waiting');
      expect(await one.ask({ do: 'cancel' })).toMatchObject({ ok: true });
      refusedWith('aborted')(await answer);
      expect([stage.server.of('leave').length, stage.server.waiting()]).toEqual([1, 0]);
    },
  },
  {
    name: 'who has waited long enough leaves the queue',
    needs: 'queue',
    async play(stage) {
      await full(stage);
      const one = await stage.program();
      refusedWith('no_seats_available')(await stage.hold(one, { wait_ms: 1_500 }));
      expect([positions(one), stage.server.waiting()]).toEqual([[1], 0]);
    },
  },
  {
    name: 'a program that ends while it waits leaves the queue',
    needs: 'queue',
    async play(stage) {
      await full(stage);
      const { one } = await waiter(stage, 'waiting');
      await one.end('SIGTERM');
      await stage.server.until('leave', 1);
      expect(stage.server.waiting()).toBe(0);
    },
  },
  {
    name: 'a place that is gone is taken anew, at the end',
    needs: 'queue',
    async play(stage) {
      await full(stage);
      const first = await waiter(stage, 'first');
      const second = await waiter(stage, 'second');
      stage.server.dropTickets();
      const third = await waiter(stage, 'third');
      await Promise.all([first.one.event('queued'), second.one.event('queued'), third.one.event('queued')]);
      await stage.server.until('acquire', stage.server.of('acquire').length + 6);
      expect(stage.server.waiting()).toBe(3);
    },
  },
  {
    name: 'an outage while waiting costs no place',
    needs: 'queue',
    async play(stage) {
      const holder = await full(stage);
      const { one, answer } = await waiter(stage, 'waiting');
      stage.server.state.fault = failing;
      await stage.server.until('acquire', stage.server.of('acquire').length + 2);
      stage.server.state.fault = undefined;
      await holder.ask({ do: 'release' });
      held(await answer);
      expect(positions(one)).toEqual([1]);
    },
  },
  {
    name: 'a seat that is not waited for asks for no place',
    needs: 'queue',
    async play(stage) {
      await full(stage);
      const one = await stage.program();
      refusedWith('no_seats_available')(await stage.hold(one));
      expect(stage.server.of('acquire').at(-1)?.body['queue']).toBeUndefined();
      expect(stage.server.waiting()).toBe(0);
    },
  },
  { ...denies('queue_full', 402), needs: 'queue' },
];
