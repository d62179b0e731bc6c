import { beforeEach, describe, expect, test, vi } from 'vitest';
import { withPayload } from '#functions/task-worker/payload.ts';
import { seal } from '#shared/crypto/envelope.ts';
import { DeletionDeniedError, Fault } from '#shared/model/errors.ts';
import { newTaskId, taskAssociatedData, taskObject } from '#shared/model/task.ts';
import type { ObjectMetadata } from '#shared/store/objects.ts';
import { fakeKms } from '../../shared/crypto/fake-kms.ts';

const kms = fakeKms();
const taskId = newTaskId();
let blob: Buffer | undefined;
let refusing: Error | undefined;
const removed: unknown[] = [];

beforeEach(async () => {
  blob = (await seal(Buffer.from('{"a":1}'), taskAssociatedData(taskId), kms.wrapper)).blob;
  refusing = undefined;
  removed.length = 0;
});

let custom: Record<string, string> = {};
let metageneration = 1;
const seen = () => ({ generation: '7', metageneration: String(metageneration), size: 1, custom });
const labels = {
  async inspect() {
    if (blob === undefined) throw new Fault('not_found', 'no');
    return seen();
  },
  async label(_: string, known: ObjectMetadata, changes: Readonly<Record<string, string | null>>) {
    if (known.metageneration !== String(metageneration)) return undefined;
    metageneration += 1;
    const all = Object.entries({ ...custom, ...changes });
    custom = Object.fromEntries(all.flatMap(([name, value]) => (value === null ? [] : [[name, value]])));
    return seen();
  },
};
const execution = { holder: 'worker-1/0' };

const ports = {
  unwrapper: kms.unwrapper,
  objects: {
    async read(name: string) {
      if (name !== taskObject(taskId) || blob === undefined) throw new Fault('not_found', 'no');
      return { bytes: blob, generation: '7' };
    },
    ...labels,
    async remove(name: string, generation?: string) {
      removed.push([name, generation]);
      if (refusing) throw refusing;
      blob = undefined;
    },
  },
};

describe('a payload', () => {
  test('is lent, wiped, and deleted in the generation that was read', async () => {
    let lent: Buffer | undefined;
    const result = await withPayload(
      ports,
      taskId,
      async (payload) => {
        lent = payload;
        return payload.toString();
      },
      execution,
    );
    expect(result).toBe('{"a":1}');
    expect(lent).toEqual(Buffer.alloc(7));
    expect(removed).toEqual([[taskObject(taskId), '7']]);
  });

  test('is wiped and kept when the work fails', async () => {
    let lent: Buffer | undefined;
    const work = async (payload: Buffer) => {
      lent = payload;
      throw new Error('no');
    };
    await expect(withPayload(ports, taskId, work, execution)).rejects.toThrow('no');
    expect(lent).toEqual(Buffer.alloc(7));
    expect(removed).toEqual([]);
    expect(custom).toEqual({});
  });
});

test('a payload that took so long to open that another execution has the task is given to nobody, and kept', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  try {
    const unwrapper: typeof kms.unwrapper = {
      async unwrap(...wrapped) {
        custom = { ...custom, claim_holder: 'worker-2/0' };
        metageneration += 1;
        await vi.advanceTimersByTimeAsync(6_000);
        for (let turns = 0; turns < 10; turns += 1) await new Promise((resolve) => setImmediate(resolve));
        return kms.unwrapper.unwrap(...wrapped);
      },
    };
    const work = vi.fn();
    await expect(withPayload({ ...ports, unwrapper }, taskId, work, execution)).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(work).not.toHaveBeenCalled();
    expect([blob === undefined, removed, custom['claim_holder']]).toEqual([false, [], 'worker-2/0']);
  } finally {
    custom = {};
    vi.useRealTimers();
  }
});

describe('a removal that is refused', () => {
  const work = async () => 'done';

  test('is one that was done already when the object cannot be read any more', async () => {
    refusing = new DeletionDeniedError('403');
    const gone = { ...ports, objects: { ...ports.objects, remove: goneThenRefused } };
    expect(await withPayload(gone, taskId, work, execution)).toBe('done');
  });

  test('is a failure when it can', async () => {
    refusing = new DeletionDeniedError('403');
    await expect(withPayload(ports, taskId, work, execution)).rejects.toBe(refusing);
  });

  async function goneThenRefused(): Promise<void> {
    blob = undefined;
    if (refusing) throw refusing;
  }
});
