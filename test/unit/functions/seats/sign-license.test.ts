import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Lease } from '#functions/seats/lease.ts';
import { createSignLicense } from '#functions/seats/sign-license.ts';
import { createSignatureCache } from '#functions/seats/signature-cache.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import type { License } from '#shared/model/license.ts';
import { silentLogger } from '#shared/model/logger.ts';
import { DEFAULT_SEAT_RULES } from '#shared/model/seat-rules.ts';
import { SEAT_TERMS_OFF } from '#shared/model/seat-terms.ts';
import type { TokenFormat } from '#shared/signing/sign-claims.ts';
import { localKeys } from '../../shared/crypto/local-key.ts';

const START = Date.UTC(2026, 0, 31);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

const LICENSE: License = {
  id: 'lic_0123456789ab',
  updateTime: { seconds: '0', nanos: 0 },
  tenant_id: 'acme',
  product: 'default',
  label: null,
  reference: null,
  metadata: {},
  archived: false,
  allotted: true,
  updates_until: null,
  release: 'at_once',
  ...DEFAULT_SEAT_RULES,
  tier: 'starter',
  features: ['export'],
  status: 'active',
  max_seats: 5,
  seats: 5,
  next_seat: 5,
  reconciling: false,
  reconcile_at: 0,
  had_borrow: false,
  expires_at: START + 100 * DAY,
  lease_seconds: 360,
  offline_seconds: 24 * 3600,
  borrow: null,
  ...SEAT_TERMS_OFF,
  started_at: null,
  announces: [],
  notice_due: null,
  names_people: false,
  key_changes: 0,
  created_at: START,
};

const leaseOf = (change: Partial<License>, sessionId: string): Lease => ({
  license: { ...LICENSE, ...change },
  sessionId,
  expiresAt: START,
  copyUntil: Number.POSITIVE_INFINITY,
  seatsUsed: 1,
});

interface Ask {
  readonly license?: Partial<License>;
  readonly userEmail?: string;
  readonly session?: string;
  readonly format?: TokenFormat;
  readonly nonce?: string;
  readonly leaseEnd?: number;
  readonly copyUntil?: number;
}

function setUp() {
  let now = START;
  const state = { key: localKeys.first.signingKey, failing: false };
  let signatures = 0;
  const signLicense = createSignLicense({
    keys: { signingKey: async () => state.key },
    async sign(claims, _format, { keyVersion, algorithm }) {
      signatures += 1;
      if (state.failing) throw new Fault('signing_unavailable', 'no', { retryAfter: 2 });
      const stamps = { signed_at: formatTime(now), key_version: keyVersion, signature_algorithm: algorithm };
      return { license_data: { ...claims, ...stamps, signature: String(signatures) } };
    },
    clock: { now: () => now },
    unsignedFallback: false,
  });
  const ask = async ({
    license = {},
    userEmail,
    session = 's',
    format = 'signed-json',
    nonce,
    leaseEnd,
    copyUntil,
  }: Ask = {}) => {
    const client = { user_email: userEmail ?? null, hostname: null, platform: null, client_version: null };
    const signed = await signLicense(
      {
        ...leaseOf(license, session),
        ...(leaseEnd === undefined ? {} : { expiresAt: leaseEnd }),
        ...(copyUntil === undefined ? {} : { copyUntil }),
      },
      {
        key: { text: 'KEY', licenseId: LICENSE.id },
        hardwareId: 'm',
        client,
        tokenFormat: format,
        clientNonce: nonce,
        log: silentLogger,
      },
    );
    if (!('license_data' in signed)) throw new TypeError('no licence data');
    return signed.license_data;
  };
  return { ask, state, signed: () => signatures, advance: (by: number) => (now += by) };
}

describe('createSignLicense', () => {
  it('signs the nonce of the request as it came, and makes no other signature for the same one', async () => {
    const { ask, signed } = setUp();
    expect(await ask({ nonce: 'abcdefghijklmnop' })).toMatchObject({ nonce: 'abcdefghijklmnop', signature: '1' });
    expect(await ask({ nonce: 'abcdefghijklmnop' })).toMatchObject({ signature: '1' });
    expect(await ask({ nonce: 'ponmlkjihgfedcba' })).toMatchObject({ nonce: 'ponmlkjihgfedcba', signature: '2' });
    expect(await ask()).not.toHaveProperty('nonce');
    expect(signed()).toBe(3);
  });

  it('makes a copy without offline time worth its lease, and each longer lease another copy', async () => {
    const { ask } = setUp();
    const strict = { offline_seconds: 0 };
    const first = await ask({ license: strict, leaseEnd: START + 360_000 });
    expect(first).toMatchObject({ valid_until: '2026-01-31T00:06:00.000Z', signature: '1' });
    const second = await ask({ license: strict, leaseEnd: START + 361_000 });
    expect(second).toMatchObject({ valid_until: '2026-01-31T00:06:01.000Z', signature: '2' });
    const ending = { ...strict, expires_at: START + 1000 };
    expect(await ask({ license: ending, leaseEnd: START + 360_000 })).toMatchObject({
      valid_until: '2026-01-31T00:00:01.000Z',
    });
  });

  it('signs no copy for longer than the session says that there may be one', async () => {
    const { ask } = setUp();
    expect(await ask({ copyUntil: START + HOUR })).toMatchObject({ valid_until: '2026-01-31T01:00:00.000Z' });
  });

  it('signs what the client checks, valid for the offline time', async () => {
    const { ask } = setUp();
    expect(await ask({ userEmail: 'someone@example.org' })).toEqual({
      kind: 'seat',
      mode: 'online',
      keys_sequence: 7,
      license_key: 'KEY',
      license_id: 'lic_0123456789ab',
      session_id: 's',
      tenant_id: 'acme',
      product: 'default',
      tier: 'starter',
      features: ['export'],
      max_seats: 5,
      hardware_id: 'm',
      user_email: 'someone@example.org',
      expires_at: '2026-05-11T00:00:00.000Z',
      offline_seconds: 86_400,
      valid_until: '2026-02-01T00:00:00.000Z',
      signed_at: '2026-01-31T00:00:00.000Z',
      key_version: 'licenses.1',
      signature_algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
      signature: '1',
    });
    const endless = await ask({ license: { expires_at: null, updates_until: START } });
    expect(endless).toMatchObject({
      expires_at: null,
      updates_until: '2026-01-31T00:00:00.000Z',
      valid_until: '2026-02-01T00:00:00.000Z',
    });
    const soon = await ask({ license: { expires_at: START + HOUR } });
    expect(soon['valid_until']).toBe('2026-01-31T01:00:00.000Z');
  });

  it('reuses the signature of an unchanged session for a quarter of its offline time, to the millisecond', async () => {
    const { ask, advance, signed } = setUp();
    const first = await ask();
    advance(6 * HOUR - 1);
    expect(await ask()).toBe(first);
    advance(1);
    const fresh = await ask();
    expect(fresh).toMatchObject({ signature: '2', valid_until: '2026-02-01T06:00:00.000Z' });
    expect(await ask()).toBe(fresh);
    expect(signed()).toBe(2);
  });

  it.each<[string, Ask]>([
    ['session', { session: 't' }],
    ['user', { userEmail: 'another@example.org' }],
    ['product', { license: { product: 'viewer' } }],
    ['end of updates', { license: { updates_until: START } }],
    ['tier', { license: { tier: 'trial' } }],
    ['features', { license: { features: ['export', 'api'] } }],
    ['seats', { license: { max_seats: 6 } }],
    ['expiry', { license: { expires_at: START + 101 * DAY } }],
    ['offline time', { license: { offline_seconds: 3600 } }],
    ['format', { format: 'batch' }],
  ])('makes a new signature for another %s', async (_what, change) => {
    const { ask, signed } = setUp();
    const first = await ask();
    expect(await ask(change)).toMatchObject({ signature: '2' });
    expect(await ask()).toBe(first);
    expect(signed()).toBe(2);
  });

  it('makes a new signature when the key has changed, as after a revocation', async () => {
    const { ask, state } = setUp();
    await ask();
    state.key = localKeys.second.signingKey;
    expect(await ask()).toMatchObject({ signature: '2', key_version: 'licenses.2' });
  });

  it('does not cache a failure', async () => {
    const { ask, state } = setUp();
    state.failing = true;
    await expect(ask()).rejects.toMatchObject({ code: 'signing_unavailable' });
    state.failing = false;
    expect(await ask()).toMatchObject({ signature: '2' });
  });
});

describe('a signature that comes too late', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  it('is told to the request, goes on, and serves the next one, which asks for a longer lease meanwhile', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let made = 0;
    const { promise, resolve } = Promise.withResolvers<{ license_token: string }>();
    const signCached = createSignatureCache({
      sign: () => {
        made += 1;
        return promise;
      },
      clock: { now: () => START },
    });
    const ask = (leaseEnd: number) =>
      signCached({
        claims: { user: 'a' },
        validUntil: leaseEnd,
        coveredUntil: leaseEnd,
        format: 'jws',
        key: localKeys.first.signingKey,
      });
    const first = ask(START + 360_000).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(8_000);
    expect(await first).toMatchObject({ code: 'signing_unavailable', retryAfter: 2 });
    const second = ask(START + 370_000);
    resolve({ license_token: 'late' });
    expect(await second).toEqual({ license_token: 'late' });
    expect(made).toBe(1);
    await ask(START + 380_000);
    expect(made).toBe(2);
  });
});

describe('createSignatureCache', () => {
  const newCache = () => {
    let made = 0;
    const signCached = createSignatureCache({
      sign: async () => {
        made += 1;
        return { license_token: String(made) };
      },
      clock: { now: () => START },
      maxBytes: 2 * 3_200,
    });
    return (user: string, validUntil = START + HOUR) =>
      signCached({
        claims: { user },
        validUntil,
        coveredUntil: 0,
        format: 'jws',
        key: localKeys.first.signingKey,
      });
  };

  it('shares the signature that is being made', async () => {
    const get = newCache();
    const signed = await Promise.all(Array.from({ length: 10 }, () => get('a')));
    expect(new Set(signed)).toEqual(new Set([{ license_token: '1' }]));
  });

  it('is bounded: drops the oldest signature', async () => {
    const get = newCache();
    const [a, b, c] = [await get('a'), await get('b'), await get('c')];
    expect([await get('c'), await get('b')]).toEqual([c, b]);
    expect(await get('a')).not.toEqual(a);
  });

  it('keeps no signature past its validity', async () => {
    const get = newCache();
    expect(await get('a', START)).not.toEqual(await get('a', START));
  });
});
