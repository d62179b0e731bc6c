import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { run, scratch, useSuite } from './suite.ts';

const suite = useSuite();
let directory: string;
beforeAll(async () => {
  directory = await scratch();
});

const SIGN = '/api/v1/licenses/sign';
const VERIFY = '/api/v1/licenses/verify';

const AWKWARD = {
  name: 'Jürgen Müßig-Łódź',
  emoji: '🎟️ seat №1 😀',
  control: 'tab\there\nline\r\b\f"quoted" \\ / \u0001 \u007f \u2028',
  'ключ 🔑': { ｆｕｌｌ: true, '\ue000': 1, '😀': 2, z: null },
  nested: { a: { b: { c: { d: { e: { f: ['deep'] } } } } } },
  numbers: [0, -1, -9007199254740991, 9007199254740991],
  empty: [{}, [], ''],
  expires_at: '2027-06-30T00:00:00.000Z',
};

/** What README.md tells everybody to run, and nothing of ours. */
async function verifyOutside(licenseData: unknown, name: string): Promise<'Verified OK' | 'Verification failure'> {
  const folder = join(directory, name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'license.json'), JSON.stringify(licenseData));
  const script = `
import base64, json
data = json.load(open('license.json'))
open('license.sig', 'wb').write(base64.b64decode(data.pop('signature')))
open('license.txt', 'w').write(json.dumps(data, sort_keys=True, separators=(',', ':')))`;
  await run('python3', ['-c', script], { cwd: folder });
  const { key_version } = licenseData as { key_version: string };
  const pem = await suite.send('GET', `/api/v1/public-keys/${key_version}.pem`);
  await writeFile(join(folder, 'key.pem'), pem.text);
  const args = ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'license.sig', 'license.txt'];
  return run('openssl', args, { cwd: folder }).then(
    () => 'Verified OK',
    () => 'Verification failure',
  );
}

describe('what we sign', () => {
  test('openssl and python3 verify, and any changed member breaks', async () => {
    const signed = await suite.post(SIGN, { payload: AWKWARD }, 'service');
    expect(signed.status).toBe(200);
    const data = signed.body.license_data;
    expect(data).toMatchObject(AWKWARD);
    expect(await verifyOutside(data, 'intact')).toBe('Verified OK');
    expect((await suite.post(VERIFY, { license_data: data })).body).toEqual({
      valid: true,
      kind: 'document',
      key_version: 'license-signing.1',
      expires_at: AWKWARD.expires_at,
    });
    const members = Object.keys(data).filter((name) => name !== 'signature');
    for (const [index, name] of members.entries()) {
      const changed = { ...data, [name]: name === 'key_version' ? 'license-signing.2' : 'changed' };
      const { body } = await suite.post(VERIFY, { license_data: changed });
      expect(body.valid, name).toBe(false);
      const { [name]: _gone, ...without } = data;
      expect((await suite.post(VERIFY, { license_data: without })).body.valid, `without ${name}`).toBe(false);
      if (index % 4 === 0 && name !== 'key_version') {
        expect(await verifyOutside(changed, `changed-${index}`)).toBe('Verification failure');
      }
    }
    expect((await suite.post(VERIFY, { license_data: { ...data, extra: 1 } })).body).toEqual({
      valid: false,
      reason: 'bad_signature',
    });
  });

  test('staff may sign too, and a token on request', async () => {
    const { status, body } = await suite.post(SIGN, { payload: { a: 1 }, token_format: 'jws' }, 'staff');
    expect(status).toBe(200);
    const [header = '', payload = ''] = body.license_token.split('.');
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
    const { keys } = (await suite.send('GET', '/.well-known/jwks.json')).body;
    expect(decode(header)).toEqual({ alg: 'RS256', kid: keys[0].kid, typ: 'license+jwt' });
    expect(decode(payload)).toMatchObject({ a: 1, iss: 'https://countersign.example', iat: expect.any(Number) });
    expect((await suite.post(VERIFY, { license_token: body.license_token })).body.valid).toBe(true);
  });

  test('times are judged', async () => {
    const soon = new Date(suite.stack.clock.now() + 60_000).toISOString();
    const { body } = await suite.post(SIGN, { payload: { valid_until: soon } }, 'service');
    expect((await suite.post(VERIFY, body)).body).toMatchObject({ valid: true, valid_until: soon });
    suite.stack.clock.advance(61);
    expect((await suite.post(VERIFY, body)).body).toEqual({ valid: false, reason: 'expired' });
  });
});

describe('what we refuse to sign', () => {
  const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  const raw = (payload: string) => `{"payload":${payload}}`;
  test.each([
    ['a float', raw('{"a":{"price":1.5}}'), 'payload.a.price'],
    ['a float that rounds to an integer', raw('{"a":9007199254740991.4}'), 'payload.a'],
    ['an integer written as a float', raw('{"list":[1,2.0]}'), 'payload.list.1'],
    ['an integer beyond 2^53-1', raw('{"a":9007199254740992}'), 'payload.a'],
    ['a lone surrogate', raw('{"a":{"b":"\\ud83d"}}'), 'payload.a.b'],
    ['a member twice', raw('{"a":{"b":1,"b":1}}'), 'payload.a.b'],
    ['a reserved name', { payload: { signature: 'x' } }, 'payload.signature'],
    ['the name kept for batches', { payload: { batch: {} } }, 'payload.batch'],
    ['nine levels', { payload: { 1: { 2: { 3: { 4: { 5: { 6: { 7: { 8: {} } } } } } } } } }, 'payload.1.2.3.4.5.6.7.8'],
    ['17 KiB', { payload: { a: 'x'.repeat(17 * 1024) } }, 'payload'],
    ['a validity beyond the key', { payload: { valid_until: inDays(500) } }, 'payload.valid_until'],
    ['a file beyond 366 days', { payload: { valid_until: inDays(380) }, token_format: 'file' }, 'payload.valid_until'],
    ['an expiry that is no time', { payload: { expires_at: 'tomorrow' } }, 'payload.expires_at'],
    ['an expiry that is null', { payload: { expires_at: null } }, 'payload.expires_at'],
    ['an end of validity that is null', { payload: { valid_until: null } }, 'payload.valid_until'],
    ['no payload', {}, 'payload'],
    ['an unknown member', { payload: {}, extra: 1 }, 'extra'],
  ])('%s', async (_what, body, path) => {
    const reply = await suite.post(SIGN, body, 'service');
    expect(reply.status).toBe(400);
    expect(reply.headers.get('content-type')).toBe('application/problem+json');
    expect(reply.body.code).toBe('invalid_request');
    expect(reply.body.errors.map((error: { path: string }) => error.path)).toContain(path);
  });

  test('what a file refuses is signed otherwise', async () => {
    for (const [token_format, days] of [
      ['signed-json', 380],
      ['file', 365],
    ])
      expect(
        (await suite.post(SIGN, { payload: { expires_at: inDays(Number(days)) }, token_format }, 'service')).status,
      ).toBe(200);
  });

  test('a number that verification would round is malformed, not valid', async () => {
    const { body } = await suite.post(SIGN, { payload: { n: 9007199254740991 } }, 'service');
    const tampered = JSON.stringify(body).replace('9007199254740991', '9007199254740991.4');
    expect((await suite.post(VERIFY, tampered)).body).toEqual({ valid: false, reason: 'malformed' });
  });
});

describe('each signature leaves a record', () => {
  const signedSince = async (since: string) =>
    (await suite.send('GET', `/api/v1/audit?action=license.sign&since=${since}&limit=100`, undefined, 'staff')).body;
  const now = () => new Date(suite.stack.clock.now()).toISOString();
  /** As any other language would make it. */
  const digestOutside = async (payload: unknown) => {
    const script = `import hashlib, json, sys
text = json.dumps(json.load(sys.stdin), sort_keys=True, separators=(',', ':'))
print(hashlib.sha256(text.encode()).hexdigest())`;
    await writeFile(join(directory, 'digest.py'), script);
    await writeFile(join(directory, 'payload.json'), JSON.stringify(payload));
    const { stdout } = await run('sh', ['-c', 'python3 digest.py < payload.json'], { cwd: directory });
    return stdout.trim();
  };

  test.each(['signed-json', 'jws', 'batch', 'file'])(
    '%s: who, what, for whom, also in the log',
    async (token_format) => {
      const since = now();
      const payload = { tenant_id: 'demo', license_id: 'lic_of_ours', serial: 7, name: 'Żółć 🔑' };
      expect((await suite.post(SIGN, { payload, token_format }, 'service')).status).toBe(200);
      const records = await signedSince(since);
      const details = { payload_sha256: await digestOutside(payload), token_format };
      expect(records).toMatchObject([
        { action: 'license.sign', actor: { kind: 'service' }, tenant_id: 'demo', license_id: 'lic_of_ours', details },
      ]);
      const lines = suite.log
        .map((line) => JSON.parse(line))
        .filter(({ audit_id }) => audit_id === records[0].audit_id);
      expect(lines).toMatchObject([{ message: 'audit_record', action: 'license.sign', tenant_id: 'demo' }]);
      suite.stack.clock.advance(1);
    },
  );

  test('of a payload that names nobody, and of staff', async () => {
    const since = now();
    await suite.post(SIGN, { payload: { tenant_id: 5, license_id: '../x' } }, 'staff');
    expect(await signedSince(since)).toMatchObject([{ actor: { kind: 'staff' }, tenant_id: null, license_id: null }]);
    suite.stack.clock.advance(1);
  });

  test('once when the answer of Firestore is lost; and without one no signature is given away', async () => {
    const since = now();
    const fault = { service: 'firestore', method: 'Commit', code: 'UNAVAILABLE' };
    suite.stack.recorder.inject({ ...fault, times: 1, lost: true });
    expect((await suite.post(SIGN, { payload: { lost: 1 } }, 'service')).status).toBe(200);
    expect(await signedSince(since)).toHaveLength(1);
    suite.stack.recorder.inject({ ...fault, times: 1_000 });
    const refused = await suite.post(SIGN, { payload: { lost: 2 } }, 'service');
    expect([refused.status, refused.body.code]).toEqual([503, 'dependency_unavailable']);
    expect(refused.text).not.toContain('signature":');
    suite.stack.recorder.forgetFaults();
    expect(await signedSince(since)).toHaveLength(1);
    suite.stack.clock.advance(1);
  });

  test('those of one moment share their commits', async () => {
    const since = now();
    suite.stack.recorder.forgetCalls();
    const payloads = Array.from({ length: 60 }, (_, serial) => ({ serial }));
    const replies = await Promise.all(
      payloads.map((payload) => suite.post(SIGN, { payload, token_format: 'batch' }, 'service')),
    );
    expect(replies.map(({ status }) => status)).toEqual(payloads.map(() => 200));
    expect(await signedSince(since)).toHaveLength(60);
    expect(suite.stack.recorder.calls()['firestore.Commit']).toBeLessThan(40);
  });

  test('and every act of an administrator, too, has its line', async () => {
    await suite.license(1);
    const [record] = (await suite.send('GET', '/api/v1/audit?limit=1', undefined, 'staff')).body;
    const line = suite.log.map((text) => JSON.parse(text)).find(({ audit_id }) => audit_id === record.audit_id);
    expect(line).toMatchObject({ message: 'audit_record', action: record.action, license_id: record.license_id });
    expect(JSON.stringify(line)).not.toContain('@');
  });
});

describe('who may sign', () => {
  test.each([
    [undefined, 401],
    ['not-a-token', 401],
    ['foreign_service', 403],
    ['scheduler', 403],
    ['worker', 403],
    ['owner', 403],
    ['guest', 403],
    ['service', 200],
    ['staff', 200],
  ])('%s: %i', async (token, status) => {
    suite.stack.recorder.forgetCalls();
    const reply = await suite.post(SIGN, { payload: { a: 1 } }, token);
    expect(reply.status).toBe(status);
    expect(suite.stack.recorder.calls()['kms.AsymmetricSign'] ?? 0).toBe(status === 200 ? 1 : 0);
  });
});
