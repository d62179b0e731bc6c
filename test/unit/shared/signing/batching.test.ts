import { describe, expect, it } from 'vitest';
import { verifyLicense } from '#shared/crypto/license.ts';
import { NotCanonicalError } from '#shared/license-format/canonical-json.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Logger } from '#shared/model/logger.ts';
import { createBatching } from '#shared/signing/batching.ts';
import { findLocalKey, localKeys } from '../crypto/local-key.ts';

const NOW = Date.UTC(2026, 0, 31);
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
    clock: { now: () => NOW },
    log,
  });
  const ask = (count: number, key = first) =>
    Array.from({ length: count }, (_, index) => sign({ index }, key.signingKey));
  return { pending, sizes, sign, ask };
}

const settle = () => new Promise((resolve) => setImmediate(resolve));
const sizeOf = (data: Readonly<Record<string, unknown>>) => Object(data['batch']).tree_size ?? 'plain';

describe('createBatching', () => {
  it('signs the first at once and alone, and all who come meanwhile under the next signature', async () => {
    const { pending, sizes, ask } = setUp();
    const asked = ask(10);
    await settle();
    expect(pending).toHaveLength(1);
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

  it('puts at most 256 under one signature', async () => {
    const { pending, sizes, ask } = setUp();
    const asked = ask(514);
    for (let turn = 0; turn < 4; turn += 1) {
      await settle();
      await pending[turn]?.answer();
    }
    await Promise.all(asked);
    expect(sizes).toEqual([1, 256, 256, 1]);
  });

  it('mixes no keys', async () => {
    const { pending, ask } = setUp();
    const asked = [...ask(3), ...ask(3, second), ...ask(2)];
    for (let turn = 0; turn < 4; turn += 1) {
      await settle();
      await pending[turn]?.answer();
    }
    const signed = await Promise.all(asked);
    expect(signed.map((data) => [data.key_version, sizeOf(data)])).toEqual([
      ['licenses.1', 'plain'],
      ['licenses.1', 4],
      ['licenses.1', 4],
      ['licenses.2', 'plain'],
      ['licenses.2', 2],
      ['licenses.2', 2],
      ['licenses.1', 4],
      ['licenses.1', 4],
    ]);
    for (const data of signed) expect(verifyLicense(data, findLocalKey, NOW).valid).toBe(true);
  });

  it('fails all of a batch when its signature fails, and goes on', async () => {
    const { pending, ask } = setUp();
    const asked = ask(3).map((one) => one.catch((error: unknown) => error));
    await settle();
    await pending[0]?.answer();
    await settle();
    const fault = new Fault('signing_unavailable', 'no', { retryAfter: 2 });
    pending[1]?.fail(fault);
    expect((await Promise.all(asked)).slice(1)).toEqual([fault, fault]);
    const [next] = ask(1);
    await settle();
    await pending[2]?.answer();
    expect(await next).toMatchObject({ index: 0 });
  });

  it('refuses what cannot be signed before it can spoil a batch', async () => {
    const { pending, sign, ask } = setUp();
    const asked = ask(3);
    await expect(sign({ price: 1.5 }, first.signingKey)).rejects.toThrow(NotCanonicalError);
    await settle();
    await pending[0]?.answer();
    await settle();
    await pending[1]?.answer();
    expect(await Promise.all(asked)).toHaveLength(3);
  });

  it('has 5,000 wait and tells the next one to come again', async () => {
    const { ask } = setUp();
    const asked = ask(5_002);
    await expect(asked.at(-1)).rejects.toMatchObject({ code: 'signing_unavailable', retryAfter: 1 });
  });
});
