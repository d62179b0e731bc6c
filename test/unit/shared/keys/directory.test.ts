import { describe, expect, it } from 'vitest';
import { createKeyDirectory, type KeyListAlert } from '#shared/keys/directory.ts';
import { DEFAULT_PERIODS } from '#shared/keys/lifecycle.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { localKeys } from '../crypto/local-key.ts';
import { DAY, directoryStatement, documentOf, listOf, root, START, version } from './signed-list.ts';

const MAX_AGE = 60;

async function setUp() {
  let now = START;
  const clock = { now: () => now };
  const alerts: KeyListAlert[] = [];
  const first = listOf([version(1, localKeys.first)]);
  const state = { document: (await documentOf(first)) as unknown, failure: undefined as unknown, reads: 0 };
  const directory = createKeyDirectory({
    read: async () => {
      state.reads += 1;
      await Promise.resolve();
      if (state.failure !== undefined) throw state.failure;
      return state.document;
    },
    roots: [root.publicKey],
    clock,
    periods: DEFAULT_PERIODS,
    maxAge: MAX_AGE,
    onAlert: (alert) => alerts.push(alert),
  });
  return { directory, state, alerts, first, advance: (seconds: number) => (now += seconds * 1000) };
}

const second = version(2, localKeys.second, START);

describe('createKeyDirectory', () => {
  it('reads nothing before the first request, then once for all who wait, and again when the list is stale', async () => {
    const { directory, state, advance } = await setUp();
    expect([state.reads, directory.fresh()]).toEqual([0, undefined]);
    const all = () => Promise.all(Array.from({ length: 50 }, () => directory.current()));
    expect(new Set(await all()).size).toBe(1);
    advance(MAX_AGE - 0.001);
    await all();
    expect(state.reads).toBe(1);
    advance(0.001);
    await all();
    expect(state.reads).toBe(2);
  });

  it('finds a key by version and by thumbprint, and the one that signs', async () => {
    const { directory } = await setUp();
    const { keys, byVersion, byKid, sequence } = await directory.current();
    expect(keys).toMatchObject([{ keyVersion: 'licenses.1', state: 'signing' }]);
    expect(byVersion.get('licenses.1')).toBe(byKid.get(localKeys.first.publicKey.kid));
    expect(sequence).toBe(Math.floor(START / 1000));
    expect(await directory.signingKey()).toMatchObject({
      keyVersion: 'licenses.1',
      kid: localKeys.first.publicKey.kid,
    });
  });

  it('lets a listed version sign when its time has come, without another list', async () => {
    const { directory, state, first, advance } = await setUp();
    state.document = await documentOf(listOf([version(1, localKeys.first), second], START, first));
    await directory.current();
    advance(2 * 86_400 - 1);
    expect((await directory.signingKey()).keyVersion).toBe('licenses.1');
    advance(MAX_AGE);
    expect((await directory.signingKey()).keyVersion).toBe('licenses.2');
  });

  it('refuses a list that is older than the one it knows, says so, and goes on', async () => {
    const { directory, state, first, alerts, advance } = await setUp();
    const old = state.document;
    state.document = await documentOf(listOf([version(1, localKeys.first)], START + DAY, first));
    const { sequence } = await directory.current();
    state.document = old;
    advance(MAX_AGE);
    expect((await directory.current()).sequence).toBe(sequence);
    expect(alerts).toMatchObject([{ kind: 'stale_keys', error: { code: 'lower_sequence' } }]);
  });

  it('refuses an older statement of the root, whatever the number of its list, and begins anew with another directory key', async () => {
    const { directory, state, alerts, advance } = await setUp();
    const listed = listOf([version(1, localKeys.first)]);
    const serve = async (sequence: number, from: number, by = localKeys.second) => {
      const statement = directoryStatement({ valid_from: formatTime(from), pem: by.publicKey.pem });
      state.document = await documentOf({ ...listed, sequence }, statement, by);
      advance(MAX_AGE);
      return (await directory.current()).sequence;
    };
    expect(await serve(Number.MAX_SAFE_INTEGER, START)).toBe(Number.MAX_SAFE_INTEGER);
    expect(await serve(5, START + DAY)).toBe(Number.MAX_SAFE_INTEGER);
    expect(await serve(5, START + DAY, localKeys.first)).toBe(5);
    expect(await serve(6, START)).toBe(5);
    expect(await serve(4, START + DAY, localKeys.first)).toBe(5);
    const codes = alerts.map((alert) => ('error' in alert ? Object(alert.error).code : alert.kind));
    expect(codes).toEqual(['lower_sequence', 'older_root_statement', 'lower_sequence']);
  });

  it('serves what it has while the list cannot be read, and asks again ten seconds later', async () => {
    const { directory, state, alerts, advance } = await setUp();
    const known = await directory.current();
    state.failure = new Error('down');
    advance(MAX_AGE);
    expect(await directory.current()).toBe(known);
    expect(await directory.current()).toBe(known);
    expect([state.reads, alerts.length]).toEqual([2, 1]);
    advance(10);
    await directory.current();
    expect(state.reads).toBe(3);
  });

  it('fails with a time to come back while it has never had a list', async () => {
    const { directory, state } = await setUp();
    state.failure = new Error('down');
    await expect(directory.current()).rejects.toMatchObject({ code: 'dependency_unavailable', retryAfter: 10 });
    await expect(directory.signingKey()).rejects.toMatchObject({ code: 'signing_unavailable' });
  });

  it('goes on with an authentic list of any age, and raises an alert', async () => {
    const { directory, alerts, advance } = await setUp();
    advance(500 * 86_400);
    expect((await directory.current()).keys).toHaveLength(1);
    expect(alerts.map(({ kind }) => kind)).toEqual([
      'key_list_five_runs_missed',
      'key_list_expired',
      'directory_key_ended',
    ]);
  });

  it('takes no list that another root stands for', async () => {
    const { directory, state } = await setUp();
    state.document = await documentOf(listOf([version(1, localKeys.first)]), directoryStatement({}, localKeys.second));
    await expect(directory.current()).rejects.toMatchObject({ cause: { code: 'bad_root_signature' } });
  });

  it('does not know a revoked key, but knows that it is revoked', async () => {
    const { directory, state, first } = await setUp();
    const revoked = [{ keyVersion: 'licenses.1', at: START }];
    state.document = await documentOf(listOf([second], START, first, revoked));
    const set = await directory.current();
    expect([set.byVersion.has('licenses.1'), set.revoked.has('licenses.1')]).toEqual([false, true]);
    expect((await directory.signingKey()).keyVersion).toBe('licenses.2');
  });

  it('signs with the next best version while KMS refuses one: retired before published', async () => {
    const { directory, state, first, advance } = await setUp();
    const two = listOf([version(1, localKeys.first), second], START, first);
    state.document = await documentOf(two);
    advance(3 * 86_400);
    expect((await directory.signingKey()).keyVersion).toBe('licenses.2');
    directory.avoid('licenses.2');
    expect((await directory.signingKey()).keyVersion).toBe('licenses.1');
    directory.avoid('licenses.1');
    // None is left, so the first is tried again: nothing can become worse by it.
    expect((await directory.signingKey()).keyVersion).toBe('licenses.2');
    advance(61);
    expect((await directory.signingKey()).keyVersion).toBe('licenses.2');
  });
});
