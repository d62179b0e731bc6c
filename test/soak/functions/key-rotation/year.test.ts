import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createRotate } from '#functions/key-rotation/rotate.ts';
import { createKeyDirectory } from '#shared/keys/directory.ts';
import type { KeyAdministrator, KeySource, KeyVersion } from '#shared/keys/key-source.ts';
import { DEFAULT_PERIODS } from '#shared/keys/lifecycle.ts';
import { readStatements, writeDirectory, writeRevoked } from '#shared/keys/store.ts';
import { writeLicenseFile } from '#shared/license-format/license-file.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { memoryStore } from '../../../unit/memory-store.ts';
import { localKeys } from '../../../unit/shared/crypto/local-key.ts';
import { directory as directoryKey, directoryStatement, root, sign } from '../../../unit/shared/keys/signed-list.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);
/** Neighbouring versions have different keys. */
const pemOf = (version: string) =>
  (Number(version.split('.').at(-1)) % 2 === 1 ? localKeys.first : localKeys.second).publicKey.pem;

/** A KMS whose disabling takes effect late, as the real one's may. All versions share one key: only names matter here. */
function fakeKms(clock: { now(): number }) {
  const versions: (KeyVersion & { disabledFrom: number })[] = [];
  const used = new Map<string, { first: number; last: number }>();
  const administrator: KeyAdministrator = {
    createVersion: async () => {
      const keyVersion = `key.${versions.length + 1}`;
      versions.push({
        keyVersion,
        algorithm: 'RSA_SIGN_PKCS1_4096_SHA256',
        createdAt: clock.now(),
        disabledFrom: Number.POSITIVE_INFINITY,
      });
      return keyVersion;
    },
    disableVersion: async (keyVersion) => {
      const version = versions.find((one) => one.keyVersion === keyVersion);
      if (version) version.disabledFrom = Math.min(version.disabledFrom, clock.now() + 3 * HOUR);
    },
  };
  const source: KeySource = {
    listVersions: async () => versions.filter(({ disabledFrom }) => disabledFrom > clock.now()),
    readPem: async (version) => pemOf(version),
  };
  return { versions, administrator, source, used };
}

async function world() {
  let now = START;
  const clock = { now: () => now };
  const kms = fakeKms(clock);
  const store = memoryStore();
  const logged: string[] = [];
  const log = { log: (_severity: string, message: string) => void logged.push(message), with: () => log };
  const ceremony = async () =>
    writeDirectory(
      store,
      await directoryStatement({ valid_from: formatTime(now), valid_until: formatTime(now + 400 * DAY) }),
    );
  await ceremony();
  const rotate = createRotate({
    ...{ ...kms, store, clock, log, periods: DEFAULT_PERIODS, listGoodFor: 30 * 86_400 },
    ...{ roots: [root.publicKey], directory: directoryKey.signer },
  });
  const stored = async () => (await readStatements(store)).list;
  const directory = () =>
    createKeyDirectory({
      ...{ read: stored, roots: [root.publicKey], clock, periods: DEFAULT_PERIODS, maxAge: 60 },
    });
  return { kms, store, rotate, directory, ceremony, stored, logged, clock, advance: (by: number) => (now += by) };
}

describe('fifteen months of daily rotation', () => {
  test('no client with keys of an hour ago ever meets a signature it cannot check, nor does a key sign too long', async () => {
    const { kms, rotate, directory, clock, ceremony, advance } = await world();
    await kms.administrator.createVersion();
    await rotate();
    const [signer, origin] = [directory(), directory()];
    const signed: { keyVersion: string; until: number }[] = [];
    let cached = { at: clock.now(), versions: new Set((await origin.current()).byVersion.keys()) };

    for (let hour = 0; hour < 450 * 24; hour += 1) {
      // A week in which rotation fails, and the directory key renewed by a ceremony each year.
      if (hour % 24 === 0 && !(hour > 200 * 24 && hour < 207 * 24)) await rotate();
      if (hour % (365 * 24) === 0) await ceremony();
      const key = await signer.signingKey();
      expect(cached.versions, `hour ${hour}`).toContain(key.keyVersion);
      expect(key.publishedUntil * 1000).toBeLessThanOrEqual(clock.now() + 400 * DAY);
      signed.push({ keyVersion: key.keyVersion, until: clock.now() + 400 * DAY });
      if (hour % 6 === 0) {
        const published = (await origin.current()).byVersion;
        const missing = signed.filter(({ keyVersion, until }) => until > clock.now() && !published.has(keyVersion));
        expect(missing).toEqual([]);
        for (const [name, { state }] of published) if (state === 'archived') expect(name).not.toBe(key.keyVersion);
      }
      if (clock.now() - cached.at >= HOUR) {
        cached = { at: clock.now(), versions: new Set((await origin.current()).byVersion.keys()) };
      }
      advance(HOUR);
    }

    expect(kms.versions).toHaveLength(15);
    const signing = [...new Set(signed.map(({ keyVersion }) => keyVersion))];
    expect(signing).toEqual(kms.versions.slice(0, signing.length).map(({ keyVersion }) => keyVersion));
    for (const { keyVersion, createdAt, disabledFrom } of kms.versions) {
      const uses = signed.filter((one) => one.keyVersion === keyVersion);
      const last = uses.at(-1);
      if (last !== undefined) expect(last.until - 400 * DAY).toBeLessThan(createdAt + 33 * DAY);
      if (last !== undefined && disabledFrom !== Number.POSITIVE_INFINITY) {
        expect(disabledFrom).toBeGreaterThan(last.until - 400 * DAY + 29 * DAY);
      }
    }
  });
});

test('a licence file verifies with Python, from root and file alone, eleven months and eleven rotations later', async () => {
  const { rotate, directory, clock, advance, kms } = await world();
  await kms.administrator.createVersion();
  await rotate();
  const keys = directory();
  const { keyVersion } = await keys.signingKey();
  const claims = {
    ...{ kind: 'seat', hardware_id: 'm', key_version: keyVersion, tier: 'professional' },
    ...{ signed_at: formatTime(clock.now()), valid_until: formatTime(clock.now() + 366 * DAY) },
  };
  const license = await sign(claims, localKeys.first);
  const file = writeLicenseFile({ license, ...(await keys.current()).document });
  for (let day = 0; day < 335; day += 1) {
    advance(DAY);
    await rotate();
  }
  expect(kms.versions.length).toBeGreaterThanOrEqual(11);

  const guide = await readFile(resolve(import.meta.dirname, '../../../../docs/client-developer.md'), 'utf8');
  const listing = (name: string) => new RegExp(`# ${name}\\n[^]*?(?=\`\`\`)`).exec(guide)?.[0] ?? '';
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  const verify = async (at: number) => {
    await writeFile(
      join(folder, 'verify.py'),
      listing('verify.py').replace('time.gmtime()', `time.gmtime(${at / 1000})`),
    );
    return promisify(execFile)('python3', ['-B', 'file.py'], { cwd: folder }).then(
      ({ stdout }) => stdout.trim(),
      (error) => String(error.stderr).trim().split('\n').at(-1),
    );
  };
  try {
    await writeFile(join(folder, 'file.py'), listing('file.py'));
    await writeFile(join(folder, 'root.pem'), root.publicKey.pem);
    await writeFile(join(folder, 'license.txt'), file);
    expect([await verify(clock.now()), await verify(START + 366 * DAY + 1_000)]).toEqual([
      'licensed: professional',
      'AssertionError',
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
});

describe('a run', () => {
  test('twice, or many at once, makes one version and archives each once', async () => {
    const { kms, rotate, advance } = await world();
    const runs = await Promise.all(Array.from({ length: 8 }, rotate));
    expect(runs.filter(({ created }) => created !== undefined)).toHaveLength(1);
    expect(kms.versions).toHaveLength(1);
    advance(31 * DAY);
    expect((await rotate()).created).toBe('key.2');
    expect((await rotate()).created).toBeUndefined();
    advance(3 * DAY);
    expect(await rotate()).toMatchObject({ signing: 'key.2', archived: [], active: 2 });
    advance(30 * DAY);
    const [one, two] = await Promise.all([rotate(), rotate()]);
    expect([one.archived, two.archived]).toEqual([['key.1'], ['key.1']]);
    advance(4 * HOUR);
    expect((await kms.source.listVersions()).map(({ keyVersion }) => keyVersion)).toEqual(['key.2', 'key.3']);
  });

  test('that died between the list and KMS is finished by the next', async () => {
    const { kms, rotate, advance, directory } = await world();
    await rotate();
    advance(31 * DAY);
    await rotate();
    advance(33 * DAY);
    const { disableVersion } = kms.administrator;
    Object.assign(kms.administrator, { disableVersion: () => Promise.reject(new Error('killed')) });
    await expect(rotate()).rejects.toThrow('killed');
    Object.assign(kms.administrator, { disableVersion });
    expect((await directory().current()).byVersion.get('key.1')?.state).toBe('archived');
    await rotate();
    expect(kms.versions[0]?.disabledFrom).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  test('that died after its reservation does not stop rotation for long', async () => {
    const { kms, rotate, advance } = await world();
    const { createVersion } = kms.administrator;
    Object.assign(kms.administrator, { createVersion: () => Promise.reject(new Error('killed')) });
    await expect(rotate()).rejects.toThrow('killed');
    Object.assign(kms.administrator, { createVersion });
    expect((await rotate()).created).toBeUndefined();
    advance(11 * 60_000);
    expect((await rotate()).created).toBe('key.1');
  });

  test('a revoked version neither signs nor is published, and the next one signs at once', async () => {
    const { kms, store, rotate, advance, directory } = await world();
    await rotate();
    advance(31 * DAY);
    await rotate();
    const keys = directory();
    expect((await keys.signingKey()).keyVersion).toBe('key.1');
    await writeRevoked(store, 'key.1', { revoked_at: START, reason: 'stolen' });
    await rotate();
    advance(61_000);
    expect((await keys.signingKey()).keyVersion).toBe('key.2');
    expect([...(await keys.current()).byVersion.keys()]).toEqual(['key.2']);
    expect(kms.versions[0]?.disabledFrom).toBeLessThan(Number.POSITIVE_INFINITY);
  });

  test('without a ceremony makes nothing and says what is missing', async () => {
    const { rotate, store, kms } = await world();
    await store.commit([{ op: 'delete', path: 'statements/directory' }]);
    await expect(rotate()).rejects.toMatchObject({ code: 'dependency_unavailable' });
    expect(kms.versions).toEqual([]);
  });

  test('reminds of the end of the directory key, and goes on behind it', async () => {
    const { rotate, advance, directory, logged } = await world();
    await rotate();
    advance(341 * DAY);
    await rotate();
    expect(logged).toContain('directory_key_ends');
    advance(60 * DAY);
    await rotate();
    expect(logged).toContain('directory_key_ended');
    expect((await directory().current()).keys.length).toBeGreaterThan(1);
  });

  test('signs under the newest statement of the root although an older one was put back', async () => {
    const { rotate, store, logged, stored, ceremony, advance } = await world();
    const backup = (await readStatements(store)).root;
    await rotate();
    advance(DAY);
    await ceremony();
    await rotate();
    await writeDirectory(store, Object(backup));
    advance(DAY);
    await rotate();
    expect(logged).toContain('older_directory_statement');
    expect(await stored()).toMatchObject({ root: { valid_from: formatTime(START + DAY) } });
  });

  test('makes a list that is newer than all before it after a restore from a backup', async () => {
    const { rotate, store, stored, directory, advance } = await world();
    await rotate();
    const backup = await stored();
    advance(3 * DAY);
    await rotate();
    const reader = directory();
    const before = (await reader.current()).sequence;
    await store.commit([{ op: 'set', path: 'statements/list', fields: { json: JSON.stringify(backup) } }]);
    advance(HOUR);
    expect((await reader.current()).sequence).toBe(before);
    await rotate();
    advance(DAY);
    await rotate();
    advance(61_000);
    expect((await reader.current()).sequence).toBeGreaterThan(before);
  });
});
