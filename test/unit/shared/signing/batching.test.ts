import { describe, expect, it } from 'vitest';
import { verifyLicense } from '#shared/crypto/license.ts';
import { NotCanonicalError } from '#shared/license-format/canonical-json.ts';
import { Fault } from '#shared/model/errors.ts';
import { type Logger, silentLogger } from '#shared/model/logger.ts';
import { createBatching } from '#shared/signing/batching.ts';
import { createTurns } from '#shared/signing/turns.ts';
import { findLocalKey, localKeys } from '../crypto/local-key.ts';

const NOW = Date.UTC(2026, 0, 31);
const OWNER = { tenant: 't', license: 'l' };
const { first, second } = localKeys;

/** A KMS that answers when it is told to. */
function setUp() {
  const pending: { readonly keyVersion: string; answer(): Promise<void>; fail(error: unknown): void }[] = [];
  const sizes: unknown[] = [];
  const log: Logger = { log: (_severity, _event, fields) => sizes.push(fields?.['licenses']), with: () => log };
  const sign = createBatching({
    signer: {
      sign: (keyVersion, digest) =>
        new Promise((resolve, reject) => {
          const key = keyVersion === 'licenses.1' ? first : second;
          pending.push({
            keyVersion,
            answer: async () => resolve(await key.signer.sign(keyVersion, digest)),
            fail: reject,
          });
        }),
    },
    turns: createTurns({ clock: { now: () => NOW }, log: silentLogger }),
    clock: { now: () => NOW },
    log,
  });
  let next = 0;
  const ask = (count: number, key = first) =>
    Array.from({ length: count }, () => sign({ index: next++ }, key.signingKey, OWNER));
  return { pending, sizes, sign, ask };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const sizeOf = (data: Readonly<Record<string, unknown>>) => Object(data['batch']).tree_size ?? 'plain';

describe('createBatching', () => {
  it('signs the first at once and alone, and all who come meanwhile under the next signature', async () => {
    const { pending, sizes, ask } = setUp();
    const asked = ask(1);
    await settle();
    expect(pending).toHaveLength(1);
    asked.push(...ask(9));
    await pending[0]?.answer();
    await settle();
    expect(pending).toHaveLength(2);
    await pending[1]?.answer();
    const signed = await Promise.all(asked);
    expect(signed.map(sizeOf)).toEqual(['plain', ...Array.from({ length: 9 }, () => 9)]);
    for (const [index, data] of signed.entries()) {
      expect(verifyLicense(data, findLocalKey, NOW)).toMatchObject({ valid: true, claims: { index } });
    }
    expect(pending).toHaveLength(2);
    expect(sizes).toEqual([1, 9]);
  });

  it('never waits for company', async () => {
    const { pending, ask } = setUp();
    for (let turn = 0; turn < 3; turn += 1) {
      const [alone] = ask(1);
      await settle();
      await pending[turn]?.answer();
      expect(sizeOf({ ...(await alone) })).toBe('plain');
    }
    expect(pending).toHaveLength(3);
  });

  it('puts at most 1,024 under one signature, and lets a full batch wait for no other', async () => {
    const { pending, sizes, ask } = setUp();
    const asked = ask(1);
    await settle();
    asked.push(...ask(2 * 1_024 + 2));
    await settle();
    expect(pending).toHaveLength(3);
    for (let turn = 0; turn < 4; turn += 1) {
      await pending[turn]?.answer();
      await settle();
    }
    await Promise.all(asked);
    expect(sizes).toEqual([1, 1_024, 1_024, 2]);
  });

  it('takes from all tenants evenly', async () => {
    const { pending, sign } = setUp();
    const crowd = Array.from({ length: 3_000 }, (_, index) => sign({ index }, first.signingKey, OWNER));
    const other = sign({ other: true }, first.signingKey, { tenant: 'other', license: 'l' });
    await settle();
    await pending[0]?.answer();
    expect((await other)['other']).toBe(true);
    for (let turn = 1; turn < 3; turn += 1) {
      await pending[turn]?.answer();
      await settle();
    }
    await Promise.all(crowd);
  });

  it('mixes no keys', async () => {
    const { pending, ask } = setUp();
    const asked = [...ask(3), ...ask(3, second), ...ask(2)];
    for (let turn = 0; turn < 2; turn += 1) {
      await settle();
      await pending[turn]?.answer();
    }
    const signed = await Promise.all(asked);
    expect(signed.map((data) => [data.key_version, sizeOf(data)])).toEqual([
      ...Array.from({ length: 3 }, () => ['licenses.1', 5]),
      ...Array.from({ length: 3 }, () => ['licenses.2', 3]),
      ...Array.from({ length: 2 }, () => ['licenses.1', 5]),
    ]);
    for (const data of signed) expect(verifyLicense(data, findLocalKey, NOW).valid).toBe(true);
  });

  it('fails all of a batch when its signature fails, and goes on', async () => {
    const { pending, ask } = setUp();
    const asked = ask(3).map((one) => one.catch((error: unknown) => error));
    await settle();
    const fault = new Fault('signing_unavailable', 'no', { retryAfter: 2 });
    pending[0]?.fail(fault);
    expect(await Promise.all(asked)).toEqual([fault, fault, fault]);
    const [next] = ask(1);
    await settle();
    await pending[1]?.answer();
    expect(await next).toMatchObject({ index: 3 });
  });

  it('refuses what cannot be signed before it can spoil a batch', async () => {
    const { pending, sign, ask } = setUp();
    const asked = ask(3);
    await expect(sign({ price: 1.5 }, first.signingKey, OWNER)).rejects.toThrow(NotCanonicalError);
    await settle();
    await pending[0]?.answer();
    expect(await Promise.all(asked)).toHaveLength(3);
  });

  it('has 10,000 of a licence wait, tells the next one to come again, and finds a place for others', async () => {
    const { sign, ask } = setUp();
    const outcomes = ask(10_001).map((one) => one.catch((error: unknown) => error));
    expect(await outcomes.at(-1)).toMatchObject({ code: 'signing_unavailable', retryAfter: 2 });
    const other = sign({ other: true }, first.signingKey, { tenant: 'other', license: 'l' });
    expect(await Promise.race([other.catch(() => 'refused'), settle().then(() => 'waits')])).toBe('waits');
  });

  it('lets a licence join the batch that comes in time, and sends away who would need the next', async () => {
    // One turn in three seconds, one in six, and nobody waits for more than five.
    const budget = { take: async () => 3_000, waitFor: (number: number) => number * 3_000 };
    const clock = { now: () => NOW };
    const pause = () => new Promise<never>(() => undefined);
    const turns = createTurns({ clock, log: silentLogger, budget, pause });
    const signer = { sign: async () => Buffer.alloc(512) };
    const sign = createBatching({ signer, turns, clock, log: silentLogger });
    const refused: unknown[] = [];
    for (let index = 0; index < 1_026; index += 1) {
      void sign({ index }, first.signingKey, OWNER).catch((error: unknown) => refused.push(error));
    }
    await settle();
    expect(refused).toHaveLength(2);
    expect(refused).toMatchObject([{ code: 'signing_unavailable' }, { code: 'signing_unavailable' }]);
  });
});
