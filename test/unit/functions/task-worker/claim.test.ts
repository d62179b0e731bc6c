import { beforeEach, describe, expect, test, vi } from 'vitest';
import { CLAIM_LEASE, claimTask } from '#functions/task-worker/claim.ts';
import type { ObjectMetadata } from '#shared/store/objects.ts';

const START = 1_700_000_000_000;
const NAME = 'encrypted-payloads/x.bin';

let now: number;
let custom: Record<string, string>;
let metageneration: number;
let losing: number;
beforeEach(() => {
  now = START;
  custom = { caller: 'a@b' };
  metageneration = 1;
  losing = 0;
});

const seen = () => ({ generation: '7', metageneration: String(metageneration), size: 1, custom: { ...custom } });
const objects = {
  inspect: async () => seen(),
  async label(_: string, known: ObjectMetadata, changes: Readonly<Record<string, string | null>>) {
    if (known.metageneration !== String(metageneration)) return undefined;
    metageneration += 1;
    const all = Object.entries({ ...custom, ...changes });
    custom = Object.fromEntries(all.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
    // A response that was lost looks like metadata that somebody else has changed.
    if (losing > 0) {
      losing -= 1;
      return undefined;
    }
    return seen();
  },
};
const clock = { now: () => now };
const sleep = async (milliseconds: number) => {
  now += milliseconds;
};
const claim = (holder: string, pause: (milliseconds: number) => Promise<unknown> = sleep) =>
  claimTask(NAME, { objects, holder, clock, sleep: pause });

describe('a task', () => {
  test('is claimed beside the labels that it has, and let go', async () => {
    const held = await claim('one/0');
    expect(custom).toEqual({
      caller: 'a@b',
      claim_holder: 'one/0',
      claim_until: new Date(START + CLAIM_LEASE).toISOString(),
    });
    await held.release(true);
    expect(custom).toEqual({ caller: 'a@b' });
  });

  test('is claimed at once by a retry of the execution that holds it', async () => {
    await (await claim('one/0')).release(false);
    await (await claim('one/0')).release(false);
    expect(now).toBe(START);
  });

  test.each(['two/0', 'one/1', 'one/0 '])('is not for %j while the claim is renewed', async (other) => {
    await (await claim('one/0')).release(false);
    const renewing = async (milliseconds: number) => {
      now += milliseconds;
      custom['claim_until'] = new Date(now + CLAIM_LEASE).toISOString();
      metageneration += 1;
    };
    await expect(claim(other, renewing)).rejects.toMatchObject({ code: 'conflict' });
    expect(custom['claim_holder']).toBe('one/0');
  });

  test('is free when the claim was not renewed for its lease', async () => {
    await (await claim('one/0')).release(false);
    await (await claim('two/0')).release(false);
    expect(now - START).toBe(CLAIM_LEASE);
    expect(custom['claim_holder']).toBe('two/0');
  });

  test.each([1, 2, 3])('is claimed once although %i responses are lost', async (count) => {
    losing = count;
    const held = await claim('one/0');
    expect(custom['claim_holder']).toBe('one/0');
    await held.release(true);
    expect(custom).toEqual({ caller: 'a@b' });
  });

  test('of two who claim it together, one waits', async () => {
    const waits: string[] = [];
    const noting = (holder: string) => async () => {
      waits.push(holder);
      throw new Error('enough');
    };
    const both = await Promise.allSettled([claim('one/0', noting('one')), claim('two/0', noting('two'))]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(waits).toHaveLength(1);
    for (const one of both) if (one.status === 'fulfilled') await one.value.release(true);
  });
});

describe('a claim that is held', () => {
  test('is renewed, and lost when another execution has taken over', async () => {
    vi.useFakeTimers();
    try {
      const held = await claim('one/0');
      now += 6_000;
      await vi.advanceTimersByTimeAsync(6_000);
      expect(custom['claim_until']).toBe(new Date(START + 6_000 + CLAIM_LEASE).toISOString());
      custom = { ...custom, claim_holder: 'two/0' };
      metageneration += 1;
      await vi.advanceTimersByTimeAsync(6_000);
      expect(held.lost.aborted).toBe(true);
      await held.release(true);
      expect(custom['claim_holder']).toBe('two/0');
    } finally {
      vi.useRealTimers();
    }
  });

  test('survives renewals that fail and responses that are lost', async () => {
    vi.useFakeTimers();
    try {
      const held = await claim('one/0');
      losing = 1;
      await vi.advanceTimersByTimeAsync(6_000);
      const failing = vi.spyOn(objects, 'label').mockRejectedValueOnce(new Error('down'));
      await vi.advanceTimersByTimeAsync(6_000);
      failing.mockRestore();
      now += 18_000;
      await vi.advanceTimersByTimeAsync(6_000);
      expect(held.lost.aborted).toBe(false);
      expect(custom['claim_until']).toBe(new Date(now + CLAIM_LEASE).toISOString());
      await held.release(true);
    } finally {
      vi.useRealTimers();
    }
  });
});
