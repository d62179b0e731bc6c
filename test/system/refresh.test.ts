import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { run, useSuite } from './suite.ts';

const suite = useSuite();
const NONCE = 'abcdefghijklmnop-_09';

let license_key: string;
let session_id: string;
beforeEach(async () => {
  ({ license_key } = await suite.license(3));
  ({ session_id } = (await acquire({})).body);
});

const acquire = (more: object) =>
  suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'mine', user_email: 'me@example.org', ...more });
const heartbeat = (refresh?: object, id = session_id) =>
  suite.post('/api/v1/licenses/heartbeat', { session_id: id, ...(refresh === undefined ? {} : { refresh }) });
const mine = (more: object = {}) => ({ license_key, hardware_id: 'mine', ...more });
const verdict = async (body: object) => (await suite.post('/api/v1/licenses/verify', body)).body;

test('a seat says that it is one, with the nonce of its request', async () => {
  const { license_data } = (await acquire({ nonce: NONCE })).body;
  expect(license_data).toMatchObject({ kind: 'seat', mode: 'online', nonce: NONCE });
  const { list } = (await suite.send('GET', '/.well-known/countersign-keys.json')).body;
  expect(license_data.keys_sequence).toBe(list.sequence);
  expect(await verdict({ license_data })).toMatchObject({ valid: true, kind: 'seat' });
  for (const nonce of ['short', 'x'.repeat(65), 'with a space in it', 'ümlautümlautümlaut', 16]) {
    expect((await acquire({ nonce })).body).toMatchObject({ code: 'invalid_request', errors: [{ path: 'nonce' }] });
  }
});

test('a document never says that it is a seat', async () => {
  const sign = (payload: object) => suite.post('/api/v1/licenses/sign', { payload }, 'service');
  const { license_data } = (await sign({ a: 1 })).body;
  expect(license_data.kind).toBe('document');
  expect(await verdict({ license_data })).toMatchObject({ valid: true, kind: 'document' });
  for (const name of ['kind', 'session_id', 'nonce', 'mode', 'batch']) {
    expect((await sign({ [name]: 'seat' })).body).toMatchObject({ status: 400, errors: [{ path: `payload.${name}` }] });
  }
});

test('a heartbeat without a refresh costs one RPC, with one two side by side', async () => {
  await heartbeat(mine({ nonce: NONCE }));
  suite.stack.recorder.forgetCalls();
  expect((await heartbeat()).body).toEqual({
    session_id,
    last_heartbeat: expect.any(String),
    expires_at: expect.any(String),
    next_heartbeat_seconds: 120,
  });
  expect(suite.stack.recorder.calls()).toEqual({ 'firestore.BatchWrite': 1 });
  suite.stack.recorder.forgetCalls();
  const { body } = await heartbeat(mine({ nonce: `${NONCE}2` }));
  expect(body.license_data).toMatchObject({ nonce: `${NONCE}2`, session_id, user_email: 'me@example.org' });
  expect(suite.stack.recorder.calls()).toEqual({
    'firestore.BatchWrite': 1,
    'firestore.BatchGetDocuments': 1,
    'kms.AsymmetricSign': 1,
  });
});

test('the same nonce again is served without another signature', async () => {
  const first = await heartbeat(mine({ nonce: NONCE }));
  suite.stack.recorder.forgetCalls();
  const second = await heartbeat(mine({ nonce: NONCE }));
  expect(second.body.license_data).toEqual(first.body.license_data);
  expect(suite.stack.recorder.calls()).not.toHaveProperty('kms.AsymmetricSign');
});

test.each(['jws', 'batch', 'file'])('a refresh answers in the format that it asks for: %s', async (token_format) => {
  const { body } = await heartbeat(mine({ token_format, nonce: NONCE }));
  const member = { jws: 'license_token', batch: 'license_data', file: 'license_file' }[token_format] ?? '';
  expect(body[member]).toBeTruthy();
});

test('who does not bring session, machine and key together gets no licence', async () => {
  const other = await suite.license(1);
  const foreign = await acquire({ hardware_id: 'theirs' });
  for (const refresh of [
    mine({ hardware_id: 'theirs' }),
    mine({ hardware_id: 'nobody' }),
    mine({ license_key: other.license_key }),
    mine({ license_key: 'nonsense' }),
  ]) {
    expect((await heartbeat(refresh)).body).toMatchObject({ status: 403, code: 'forbidden' });
  }
  expect((await heartbeat(mine(), foreign.body.session_id)).status).toBe(403);
});

test('a signature that cannot be had is told beside the lease, which is prolonged all the same', async () => {
  suite.stack.recorder.inject({ service: 'kms', method: '*', code: 'UNAVAILABLE' });
  suite.stack.clock.advance(60);
  const { status, body } = await heartbeat(mine({ nonce: NONCE }));
  expect([status, body.refresh_error]).toEqual([200, 'signing_unavailable']);
  expect(body).not.toHaveProperty('license_data');
  expect(Date.parse(body.expires_at)).toBeGreaterThanOrEqual(suite.stack.clock.now() + 350_000);
});

test('a licence file verifies with the root key, openssl and Python alone', async () => {
  const { license_file } = (await acquire({ token_format: 'file', nonce: NONCE })).body;
  expect(license_file).toMatch(/^-----BEGIN COUNTERSIGN LICENSE-----\n[\s\S]+\n-----END COUNTERSIGN LICENSE-----\n$/);
  const folder = await mkdtemp(join(tmpdir(), 'countersign-'));
  try {
    await writeFile(join(folder, 'root.pem'), suite.stack.rootKey);
    await writeFile(join(folder, 'license.txt'), license_file);
    await writeFile(join(folder, 'verify.py'), VERIFY);
    const { stdout } = await run('python3', ['verify.py'], { cwd: folder });
    expect(stdout.trim()).toBe(`seat mine ${createHash('sha256').update(license_key).digest('hex')}`);
    await writeFile(join(folder, 'license.txt'), await tampered(license_file));
    await expect(run('python3', ['verify.py'], { cwd: folder })).rejects.toMatchObject({ code: 1 });
  } finally {
    await rm(folder, { recursive: true });
  }
});

/** The same file for another machine. */
async function tampered(file: string): Promise<string> {
  const [first = '', ...lines] = file.trim().split('\n');
  const last = lines.pop() ?? '';
  const text = Buffer.from(lines.join(''), 'base64').toString().replace('"mine"', '"ours"');
  return [first, Buffer.from(text).toString('base64'), last].join('\n');
}

const VERIFY = `
import base64, hashlib, json, subprocess
def check(statement, pem):
    signature = base64.b64decode(statement.pop('signature'))
    text = json.dumps(statement, sort_keys=True, separators=(',', ':')).encode()
    open('sig', 'wb').write(signature); open('text', 'wb').write(text); open('key.pem', 'w').write(pem)
    subprocess.run(['openssl', 'dgst', '-sha256', '-verify', 'key.pem', '-signature', 'sig', 'text'], check=True, stdout=subprocess.DEVNULL)
lines = open('license.txt').read().split('\\n')
file = json.loads(base64.b64decode(''.join(line for line in lines if not line.startswith('-----'))))
root, keys, license = file['root'], file['list'], file['license']
check(root, open('root.pem').read())
check(keys, root['pem'])
key = next(k for k in keys['keys'] if k['key_version'] == license['key_version'])
check(license, key['pem'])
print(license['kind'], license['hardware_id'], hashlib.sha256(license['license_key'].encode()).hexdigest())
`;
