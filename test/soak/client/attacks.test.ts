import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { attack, type Client, type Violation } from './attacks/attack.ts';
import { DEFENCES, loadClient } from './attacks/defences.ts';

/**
 * Random attacks on the client in simulated time, held against the log of what the vendor signed. A run that
 * was cut off is resumed with ATTACKS_FROM; ATTACKS (10000, say) says how many; one attack is its seed.
 */
const FROM = Number(process.env['ATTACKS_FROM'] ?? 0);
const COUNT = Number(process.env['ATTACKS'] ?? 4_000);
/** Among so many attacks each removed defence must be missed. */
const ENOUGH = 4_000;

// WebCrypto works in other threads, for which simulated time does not wait.
beforeAll(() => {
  vi.spyOn(crypto.subtle, 'digest').mockImplementation(async (_algorithm, data) => {
    const bytes = data instanceof Uint8Array ? data : new Uint8Array();
    return Uint8Array.from(createHash('sha256').update(bytes).digest()).buffer;
  });
});
afterAll(() => vi.restoreAllMocks());

async function firstViolation(client: Client, from: number, count: number): Promise<Violation | undefined> {
  for (let seed = from; seed < from + count; seed += 1) {
    const violation = await attack(client, seed);
    if (violation !== undefined) return violation;
    if ((seed + 1) % 1_000 === 0) process.stdout.write(`attacks up to seed ${seed}: nothing held beyond the log\n`);
  }
  return undefined;
}

test(`${COUNT} attacks from seed ${FROM}: nothing is held beyond what was granted, strict not beyond a lease`, async () => {
  expect(await firstViolation(await loadClient(), FROM, COUNT)).toBeUndefined();
}, 1_800_000);

describe('each defence, once removed, is missed', () => {
  test.each(DEFENCES)('$name', async (defence) => {
    const violation = await firstViolation(await loadClient(defence), 0, ENOUGH);
    expect(violation, defence.name).toBeDefined();
    process.stdout.write(`${defence.name}: seed ${violation?.seed}, ${violation?.mode}, ${violation?.powers}\n`);
  });
});
