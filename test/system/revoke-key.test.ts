import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { has } from '../programs.ts';
import { type Reply, run, useSuite } from './suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const MINUTE = 60;

const suite = useSuite();
let document: string;
beforeAll(async () => {
  document = await readFile(resolve(ROOT, 'docs/key-compromise.md'), 'utf8');
});

/** The commands of the document, as they stand there. */
const commands = () => [...document.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, script = '']) => script.trim());

const shell = (script: string) => {
  const { project, kms, firestore, gateway } = suite.stack;
  const env = {
    PATH: `${resolve(process.execPath, '..')}:${process.env['PATH']}`,
    PROJECT: project.id,
    KEY: project.signingKey,
    KMS_ENDPOINT: kms,
    FIRESTORE_ENDPOINT: firestore,
    METADATA_SERVER_DETECTION: 'none',
    SCHEDULER_TOKEN: suite.tokens['scheduler'],
    URL: gateway,
  };
  return run('sh', ['-euc', script], { cwd: ROOT, env });
};

const acquire = (license_key: string, token_format = 'signed-json') =>
  suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'm', token_format });
const judgement = async (body: unknown) => (await suite.post('/api/v1/licenses/verify', body)).body;
const versions = async () =>
  (await suite.send('GET', '/api/v1/public-keys')).body.keys.map((key: { key_version: string }) => key.key_version);
const dataOf = ({ body }: Reply) => ({ license_data: body.license_data });

test.skipIf(!has('curl'))(
  'a compromised version neither signs nor is published, and the document’s way leads to the next one',
  async () => {
    const [revoking = '', rotating = '', ...others] = commands();
    expect(others).toEqual([]);
    const { license_key } = await suite.license(1);
    const before = await acquire(license_key);
    const token = { license_token: (await acquire(license_key, 'jws')).body.license_token };
    expect(await judgement(dataOf(before))).toMatchObject({ valid: true });
    expect(await judgement(token)).toMatchObject({ valid: true });

    const { stdout } = await shell(revoking);
    expect(document).toContain(stdout.trim());
    expect(JSON.parse(stdout)).toEqual({ revoked: 'license-signing.1' });
    expect(await shell(revoking)).toMatchObject({ stdout });

    const rotated = await shell(rotating);
    expect(JSON.parse(rotated.stdout)).toMatchObject({ created: 'license-signing.2' });
    suite.stack.clock.advance(MINUTE);
    expect(await versions()).toEqual(['license-signing.2']);
    expect((await suite.send('GET', '/.well-known/jwks.json')).body.keys).toHaveLength(1);
    expect((await suite.send('GET', '/api/v1/public-keys/license-signing.1.pem')).status).toBe(404);
    expect(await judgement(dataOf(before))).toEqual({ valid: false, reason: 'revoked' });
    expect(await judgement(token)).toEqual({ valid: false, reason: 'revoked' });
    const after = await acquire(license_key);
    expect(after).toMatchObject({ status: 200, body: { session_id: before.body.session_id } });
    expect(after.body.license_data.key_version).toBe('license-signing.2');
    expect(await judgement(dataOf(after))).toMatchObject({ valid: true });
  },
);

test.each([
  ['no version', []],
  ['no reason', ['license-signing.1']],
  ['another key', ['task-payloads.1', 'why']],
  ['no number', ['license-signing.one', 'why']],
])('nothing is revoked without being named: %s', async (_what, args) => {
  const quoted = args.map((arg) => `'${arg}'`).join(' ');
  const script = `PROJECT_ID=$PROJECT SIGNING_KEY=$KEY node scripts/revoke-key.ts ${quoted}`;
  await expect(shell(script)).rejects.toMatchObject({ code: 2 });
});
