import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { verifyLicense as verifyOnServer } from '#shared/crypto/license.ts';
import { createKeyDirectory } from '#shared/keys/directory.ts';
import { DEFAULT_PERIODS } from '#shared/keys/lifecycle.ts';
import { readRoots } from '#shared/keys/statements.ts';
import { createTrustedClock, memoryStorage, rootKey, verifyLicense } from '../../client/src/index.ts';
import { worksOffline } from '../../client/src/license/strict.ts';

/** What a client believes: key lists under a pinned root, licence files, nonces, clocks, kept copies. */
const FOLDER = resolve(import.meta.dirname, '../vectors');
const { roots, documents, vectors } = z
  .object({
    roots: z.record(z.string(), z.string()),
    documents: z.record(z.string(), z.unknown()),
    vectors: z.array(
      z.strictObject({
        name: z.string(),
        group: z.enum(['list', 'file', 'answer', 'clock', 'start']),
        roots: z.array(z.string()),
        lists: z.array(z.string().nullable()),
        license: z.string().optional(),
        license_base64: z.string().optional(),
        now: z.string(),
        nonce: z.string().optional(),
        kind: z.enum(['seat', 'document']).optional(),
        product: z.string().optional(),
        hardware_id: z.string().optional(),
        clock: z.object({ noted: z.string().optional() }).optional(),
        start: z.literal('offline').optional(),
        expected: z.string(),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(join(FOLDER, 'trust.json'), 'utf8')));
type Vector = (typeof vectors)[number];

const pemsOf = ({ roots: names }: Vector) => names.map((name) => roots[name] ?? '');
const named = (name: string | null | undefined) => (name === null || name === undefined ? undefined : documents[name]);

test('the vectors are all there, and each has a name of its own', () => {
  expect(vectors).toHaveLength(92);
  expect(new Set(vectors.map(({ name }) => name)).size).toBe(92);
  const counts = Map.groupBy(vectors, ({ group }) => group);
  expect([...counts].map(([group, { length }]) => [group, length])).toEqual([
    ['list', 33],
    ['file', 29],
    ['answer', 13],
    ['clock', 8],
    ['start', 9],
  ]);
});

const HOUR = 3_600_000;

async function clientVerdict(vector: Vector): Promise<string> {
  const { lists, now, nonce, kind, product, hardware_id, clock: judged, start } = vector;
  const wall = Date.parse(now);
  const state = { now: wall - lists.length * 2 * HOUR, served: undefined as unknown };
  const source = rootKey(pemsOf(vector), {
    url: 'http://licenses.example',
    storage: memoryStorage(),
    now: () => state.now,
    fetch: async () => {
      if (state.served === undefined) throw new Error('no network');
      return { ok: true, status: 200, headers: { get: () => null }, text: async () => JSON.stringify(state.served) };
    },
  });
  for (const name of lists) {
    state.now += 2 * HOUR;
    state.served = named(name);
    await source.find({ keyVersion: 'vectors.0' }).catch(() => undefined);
  }
  const clock = createTrustedClock({ now: () => wall, monotonic: () => 0 });
  if (judged?.noted !== undefined) clock.remember(Date.parse(judged.noted));
  const text = vector.license ?? Uint8Array.from(Buffer.from(vector.license_base64 ?? '', 'base64'));
  const check = await verifyLicense(text, source, {
    ...(judged === undefined ? { now: wall } : { clock }),
    ...{ nonce },
    ...(kind === undefined ? {} : { kind }),
    ...(product === undefined ? {} : { product }),
    ...(hardware_id === undefined ? {} : { hardwareId: hardware_id }),
  });
  if (!check.valid) return check.reason;
  return start === 'offline' && !worksOffline(check) ? 'strict' : 'valid';
}

describe('the client', () => {
  test.each(vectors)('$name: $expected', async (vector) => {
    expect(await clientVerdict(vector)).toBe(vector.expected);
  });
});

describe('the functions, which judge lists but not their age', () => {
  /** Functions go on with the newest authentic list of any age; they have their roots from their settings, and remember none. */
  const OTHERWISE: Readonly<Record<string, string>> = { keys_expired: 'valid', not_yet_valid: 'valid' };
  const ours = vectors.filter(({ group, name }) => group === 'list' && !name.includes('remembered'));

  test.each(ours)('$name', async (vector) => {
    const { lists, license = '', now, expected } = vector;
    const state = { now: Date.parse(now) - lists.length * HOUR, served: undefined as unknown };
    const directory = createKeyDirectory({
      read: async () => state.served,
      roots: readRoots(pemsOf(vector).join('')),
      clock: { now: () => state.now },
      periods: DEFAULT_PERIODS,
      maxAge: 60,
    });
    let set: Awaited<ReturnType<typeof directory.current>> | undefined;
    for (const name of lists) {
      state.now += HOUR;
      state.served = named(name);
      set = await directory.current().catch(() => undefined);
    }
    const { byVersion, revoked } = set ?? { byVersion: new Map(), revoked: new Set() };
    const find = (version: string) => (revoked.has(version) ? 'revoked' : byVersion.get(version)?.publicKey);
    const time = Date.parse(JSON.parse(license).signed_at);
    const check = verifyOnServer(JSON.parse(license), find, time);
    const verdict = check.valid ? 'valid' : check.reason;
    const none = expected === 'untrusted_keys' || expected === 'keys_unavailable';
    expect(set === undefined ? 'none' : verdict).toBe(none ? 'none' : (OTHERWISE[expected] ?? expected));
  });
});

test('python3, with nothing but its own library, says the same of every vector', () => {
  const output: unknown = JSON.parse(execFileSync('python3', [join(FOLDER, 'check.py')], { encoding: 'utf8' }));
  expect(output).toMatchObject(Object.fromEntries(vectors.map(({ name, expected }) => [name, expected])));
});
