import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { run, type Suite, scratch, startSuite } from './suite.ts';

let suite: Suite;
let readme: string;
beforeAll(async () => {
  [suite, readme] = await Promise.all([
    startSuite(),
    readFile(resolve(import.meta.dirname, '../../README.md'), 'utf8'),
  ]);
});
afterAll(() => suite.close());

const blocks = () => [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, script = '']) => script);

describe('README.md', () => {
  test('starts with the two commands', () => {
    expect(blocks().slice(0, 2)).toEqual(['npm ci && npm start\n', 'npm ci && npm test\n']);
  });

  test('its exchange works when pasted', async () => {
    const folder = await scratch();
    await mkdir(join(folder, '.local'));
    const { license_key } = await suite.license(10);
    await writeFile(join(folder, '.local', 'stack.json'), JSON.stringify({ license_key }));
    const exchange = blocks()[2] ?? '';
    expect(exchange).toContain('URL=http://127.0.0.1:8080\n');
    const script = exchange.replace('http://127.0.0.1:8080', suite.stack.gateway);
    const { stdout } = await run('bash', ['-euc', script], { cwd: folder });
    expect(stdout).toContain('Verified OK');
    const answers = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    expect(answers).toMatchObject([
      { seats_used: 1, seats_total: 10, license_data: { user_email: 'jörg@example.org' } },
      { last_heartbeat: expect.any(String) },
      { keys: [{ alg: 'RS256' }] },
      { seats_used: 0 },
    ]);
  });
});
