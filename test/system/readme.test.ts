import { access, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { has } from '../programs.ts';
import { run, scratch, useSuite } from './suite.ts';

const suite = useSuite();
let readme: string;
beforeAll(async () => {
  readme = await readFile(resolve(import.meta.dirname, '../../README.md'), 'utf8');
});

const blocks = () => [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, script = '']) => script);

const writeStack = (folder: string, license_key: string) =>
  writeFile(join(folder, '.local', 'stack.json'), JSON.stringify({ license_key }));

/** A folder as the reader has it after `npm start`. */
async function readersFolder(licenseKey: string): Promise<string> {
  const folder = await scratch();
  await mkdir(join(folder, '.local'));
  await writeStack(folder, licenseKey);
  return folder;
}

/** As a terminal takes the lines: without stopping by itself where one fails. */
function paste(folder: string) {
  const exchange = blocks()[2] ?? '';
  expect(exchange).toContain('URL=http://127.0.0.1:8080\n');
  const script = exchange.replace('http://127.0.0.1:8080', suite.stack.gateway);
  return run('sh', ['-c', script], { cwd: folder });
}

describe('README.md', () => {
  test('starts with the two commands', () => {
    expect(blocks().slice(0, 2)).toEqual(['npm ci && npm start\n', 'npm ci && npm test\n']);
  });

  const canPaste = has('cat', 'curl', 'openssl', 'python3', 'rm');

  test.skipIf(!canPaste)('its exchange works when pasted', async () => {
    const folder = await readersFolder((await suite.license(10)).license_key);
    const { stdout } = await paste(folder);
    expect(stdout.match(/Verified OK/g)).toHaveLength(3);
    const answers = stdout
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line));
    expect(answers).toMatchObject([
      { seats_used: 1, seats_total: 10, license_data: { user_email: 'jörg@example.org' } },
      { last_heartbeat: expect.any(String) },
      { seats_used: 0 },
    ]);
  });

  test.skipIf(!canPaste)('its exchange stops at the first failure, whatever an earlier one has left', async () => {
    const folder = await readersFolder((await suite.license(10)).license_key);
    await paste(folder);
    await writeStack(folder, 'CS-FQGEF-DZXY4-GA7SH-FJB27-0H7P8-0NPPJ-57RD0-4ESPV');
    const failed = await paste(folder).catch((error) => error);
    expect(failed).toMatchObject({ code: expect.any(Number), stdout: '' });
    expect(failed.stderr).toContain('404');
    await expect(access(join(folder, 'license.sig'))).rejects.toThrow();
  });
});
