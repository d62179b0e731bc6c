import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { STRIPE_TEST_SECRET } from '#local/environment.ts';
import { freePort } from '#local/free-port.ts';
import { has } from '../programs.ts';
import { run, scratch, useSuite } from './suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const suite = useSuite();

const cryptography = await run('python3', ['-c', 'import cryptography']).then(
  () => true,
  () => false,
);

const inDays = (days: number): string => new Date(suite.stack.clock.now() + days * 86_400_000).toISOString();

/** A folder as the reader has it: `npm init -y`, what `npm start` has written, and the packages that a guide names. */
async function readersFolder(): Promise<string> {
  const folder = await scratch();
  await run('npm', ['init', '-y'], { cwd: folder });
  await mkdir(join(folder, '.local'));
  const { license_id, license_key } = await suite.license(3);
  const stack = { license_id, license_key, tokens: suite.tokens };
  await writeFile(join(folder, '.local', 'stack.json'), JSON.stringify(stack));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  return folder;
}

/** The blocks of one language, in order, with the suite's address in place of the one for `npm start`. */
async function blocks(guide: string, language: string): Promise<string[]> {
  const text = await readFile(join(ROOT, 'docs', guide), 'utf8');
  return [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
    .filter(([, name]) => name === language)
    .map(([, , block = '']) => block.replace('http://127.0.0.1:8080', suite.stack.gateway));
}

/** Pastes the first block, which sets the environment, and then the rest, or a program with those that it imports. */
async function paste(guide: string, what: 'commands' | 'ts' | 'py', name?: string, before = ''): Promise<string[]> {
  const folder = await readersFolder();
  const [setting = '', ...commands] = await blocks(guide, 'sh');
  const programs = what === 'commands' ? [] : await blocks(guide, what);
  const nameOf = (program: string) =>
    /^(?:#|\/\/) (\S+\.(?:mts|py))\n/.exec(program)?.[1] ?? `program.${what === 'ts' ? 'mts' : what}`;
  for (const program of programs) await writeFile(join(folder, nameOf(program)), program);
  const interpreter = what === 'ts' ? `'${process.execPath}'` : 'python3';
  const wanted = name ?? nameOf(programs[0] ?? '');
  const rest = what === 'commands' ? commands.join('\n') : `${before}\n${interpreter} ${wanted}`;
  const { stdout } = await run('sh', ['-euc', `${setting}\n${rest}`], { cwd: folder });
  return stdout.trim().split('\n');
}

describe('client-developer.md', () => {
  const GUIDE = 'client-developer.md';

  test.skipIf(!has('curl'))('its commands (needs curl)', async () => {
    const answers = (await paste(GUIDE, 'commands')).map((line) => JSON.parse(line));
    expect(answers).toMatchObject([
      { borrow: { max_seats: 2, early_return: true }, queue: { max_length: 10 } },
      { last_heartbeat: expect.any(String) },
      { seats_used: 0 },
    ]);
  });

  test('its TypeScript', async () => {
    expect(await paste(GUIDE, 'ts')).toEqual([
      "licensed: professional [ 'export', 'collaboration' ]",
      'seats in use: 0',
    ]);
  });

  test.skipIf(!cryptography)('its Python (needs the package cryptography)', async () => {
    const lines = await paste(GUIDE, 'py', 'seat.py');
    expect(lines).toEqual(["licensed: professional ['export', 'collaboration']", 'seats in use: 0']);
  });

  const FILE = `curl -s "$COUNTERSIGN_URL/api/v1/licenses/acquire" -H 'content-type: application/json' \\
    -d "{\\"license_key\\": \\"$COUNTERSIGN_LICENSE_KEY\\", \\"hardware_id\\": \\"m\\", \\"token_format\\": \\"file\\"}" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["license_file"], end="")' >license.txt`;

  test.skipIf(!cryptography)('its Python for a licence file, from root and file alone', async () => {
    const offline = 'export COUNTERSIGN_URL=http://127.0.0.1:9';
    expect(await paste(GUIDE, 'py', 'file.py', `${FILE}\n${offline}`)).toEqual(['licensed: professional']);
    // Of another root, and changed.
    const other = `openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 2>&- | openssl pkey -pubout >root.pem`;
    await expect(paste(GUIDE, 'py', 'file.py', `${FILE}\n${other}`)).rejects.toThrow(/InvalidSignature/);
    const changed = `tr AB BA <license.txt >changed.txt && mv changed.txt license.txt`;
    await expect(paste(GUIDE, 'py', 'file.py', `${FILE}\n${changed}`)).rejects.toThrow();
  });

  test('its check is at most fifteen lines, with what reads a file', async () => {
    const [verify = '', , file = ''] = await blocks(GUIDE, 'py');
    const lines = (verify + file.replaceAll(/^(import|from) .*/gm, ''))
      .split('\n')
      .filter((line) => /^[^#]/.test(line));
    expect(lines.length).toBeLessThanOrEqual(15);
  });
});

describe('back-end-developer.md', () => {
  const GUIDE = 'back-end-developer.md';

  test.skipIf(!has('curl'))('its commands (needs curl)', async () => {
    const answers = (await paste(GUIDE, 'commands')).map((line) => JSON.parse(line));
    expect(answers).toMatchObject([
      { seats_used: 0, seats_total: 5 },
      { max_seats: 20, features: ['export'] },
      { valid: true, key_version: 'license-signing.1' },
    ]);
  });

  test('its TypeScript', async () => {
    expect(await paste(GUIDE, 'ts')).toEqual([
      'same task: true',
      'state: sealed',
      'uploaded: 200',
      'downloaded: all is well',
    ]);
  });

  test('its Python', async () => {
    expect(await paste(GUIDE, 'py')).toEqual(['state: sealed', 'uploaded: 200']);
  });
});

describe('events.md', () => {
  test.skipIf(!has('curl', 'python3'))(
    'its receiver checks what it gets, and its digest has a sentence (needs curl and python3)',
    async () => {
      const folder = await readersFolder();
      const port = `127.0.0.1:${await freePort()}`;
      for (const program of await blocks('events.md', 'python')) {
        const [, name = 'none.py'] = /^# (\S+\.py)\n/.exec(program) ?? [];
        await writeFile(join(folder, name), program.replace("'127.0.0.1', 9000", port.replace(/^(.*):/, "'$1', ")));
      }
      const body = { tenant_id: 'demo', tier: 'trial', max_seats: 1, label: 'Example Ltd', expires_at: inDays(3.5) };
      expect((await suite.post('/api/v1/licenses', body, 'staff')).status).toBe(201);
      const commands = (await blocks('events.md', 'sh')).join('\n').replaceAll('127.0.0.1:9000', port);
      const { stdout } = await run('sh', ['-euc', commands], { cwd: folder });
      const [accepted = '', counts = '', received = '', ...sentences] = stdout.trim().split('\n');
      expect(JSON.parse(counts)).toEqual({ sent: 1, failed: 0, pending: 0 });
      expect(JSON.parse(received)).toMatchObject({ id: JSON.parse(accepted).event_id, type: 'webhook.test' });
      expect(sentences).toContain('Example Ltd ends in 4 days');
    },
  );
});

describe('billing.md', () => {
  test.skipIf(!has('curl', 'openssl', 'python3'))(
    'its event makes a licence, whose key is fetched (needs curl, openssl and python3)',
    async () => {
      const folder = await readersFolder();
      const description = { tokens: suite.tokens, stripe_webhook_secret: STRIPE_TEST_SECRET };
      await writeFile(join(folder, '.local', 'stack.json'), JSON.stringify(description));
      const commands = await blocks('billing.md', 'sh');
      const [key = '', tried = ''] = [commands.at(0), commands.at(-1)];
      const license = `LICENSE_ID=$(echo "$LISTED" | python3 -c "import json, sys; print(json.load(sys.stdin)[0]['license_id'])")`;
      const rest = `echo; LISTED=$(curl -s "$URL/api/v1/licenses?reference=si_tried_out" -H "authorization: Bearer $(stack "tokens['service']")")
TOKEN=$(stack "tokens['service']")`;
      const { stdout } = await run('sh', ['-euc', [tried, rest, license, key].join('\n')], { cwd: folder });
      const answers = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(answers).toMatchObject([
        { received: true, outcome: 'applied' },
        [{ reference: 'si_tried_out', max_seats: 3, tier: 'professional', status: 'active' }],
        { license_key: expect.any(String) },
      ]);
    },
  );
});

describe('administration.md', () => {
  test.skipIf(!has('curl', 'python3'))(
    'its walk-through, pasted from the first block to the last (needs curl and python3)',
    async () => {
      const folder = await readersFolder();
      const { stack } = suite;
      const description = {
        tokens: suite.tokens,
        identity: `http://${stack.identity.publicAddress}`,
        identity_api_key: stack.identity.apiKey,
        project_id: stack.project.id,
      };
      await writeFile(join(folder, '.local', 'stack.json'), JSON.stringify(description));
      const commands = await blocks('administration.md', 'sh');
      expect(commands.length).toBeGreaterThan(8);
      const { stdout } = await run('sh', ['-euc', commands.join('\n')], { cwd: folder });
      const answers = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(answers).toMatchObject([
        [{ tenant_id: expect.any(String) }],
        [{ name: 'Example Ltd', reference: 'customer 1138', seat_limit: 50 }],
        { role: 'owner' },
        [{ email: 'jo@example.org', role: 'owner' }],
        { max_seats: 10, reference: 'order 4711', expires_at: null },
        { label: 'Build farm', license_key: expect.any(String) },
        expect.arrayContaining([expect.objectContaining({ label: 'Build farm' })]),
        { would_end: [], seats_used: 0 },
        { max_seats: 5 },
        { status: 'suspended' },
        { status: 'active' },
        expect.arrayContaining([expect.objectContaining({ action: 'license.create' })]),
        [{ action: 'session.release', actor: { email: 'jo@example.org' } }],
        { email: 'kim@example.org', audit: [{ action: 'session.release' }] },
        { erased: { audit_records: 2, sessions: 0 }, member_of: [] },
      ]);
    },
  );
});
