import { expect, it } from 'vitest';
import { createSignatureBudget } from '#functions/seats/signature-budget.ts';
import { localKeys } from '../../shared/crypto/local-key.ts';

it('lets a licence burst, then asks to wait, and never mixes licences', async () => {
  let now = 0;
  let signed = 0;
  const sign = createSignatureBudget({ now: () => now }).within(async () => {
    signed += 1;
    return { license_token: 'signed' };
  });
  const ask = (license_id: string) => sign({ license_id, max_seats: 10 }, 'jws', localKeys.first.signingKey);
  for (let count = 0; count < 240; count += 1) await ask('a');
  await expect(ask('a')).rejects.toMatchObject({ code: 'rate_limited' });
  await ask('b');
  now += 60_000;
  for (let count = 0; count < 60; count += 1) await ask('a');
  await expect(ask('a')).rejects.toMatchObject({ code: 'rate_limited' });
  expect(signed).toBe(240 + 1 + 60);
});

it('refuses before anything is read what it could not sign, but not a machine whose signature may be in the cache', async () => {
  const budget = createSignatureBudget({ now: () => 0 });
  const sign = budget.within(async () => ({ license_token: 'signed' }));
  const license_id = 'lic_0123456789ab';
  const request = (hardwareId: string, clientNonce?: string) => ({
    key: { licenseId: license_id, text: 'K' },
    hardwareId,
    clientNonce,
  });
  for (let count = 0; count < 204; count += 1) {
    budget.require(request(`m${count}`));
    await sign({ license_id, hardware_id: `m${count}`, max_seats: 1 }, 'jws', localKeys.first.signingKey);
  }
  expect(() => budget.require(request('new'))).toThrow(
    expect.objectContaining({ code: 'rate_limited', retryAfter: 3 }),
  );
  expect(() => budget.require(request('m7', 'n'.repeat(16)))).toThrow(
    expect.objectContaining({ code: 'rate_limited' }),
  );
  budget.require(request('m7'));
  budget.require({ ...request('new'), key: { licenseId: 'lic_another00000', text: 'K' } });
});
