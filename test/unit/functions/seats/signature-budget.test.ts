import { expect, it } from 'vitest';
import { withinBudget } from '#functions/seats/signature-budget.ts';
import { localKeys } from '../../shared/crypto/local-key.ts';

it('lets a licence burst, then asks to wait, and never mixes licences', async () => {
  let now = 0;
  let signed = 0;
  const sign = withinBudget(
    async () => {
      signed += 1;
      return { license_token: 'signed' };
    },
    { now: () => now },
  );
  const ask = (license_id: string) => sign({ license_id, max_seats: 10 }, 'jws', localKeys.first.signingKey);
  for (let count = 0; count < 240; count += 1) await ask('a');
  await expect(ask('a')).rejects.toMatchObject({ code: 'rate_limited' });
  await ask('b');
  now += 60_000;
  for (let count = 0; count < 60; count += 1) await ask('a');
  await expect(ask('a')).rejects.toMatchObject({ code: 'rate_limited' });
  expect(signed).toBe(240 + 1 + 60);
});
