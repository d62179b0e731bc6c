import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../programs.ts';
import { run, scratch, useSuite } from './suite.ts';

const ROOT = resolve(import.meta.dirname, '../..');

const suite = useSuite();

const cryptography = await run('python3', ['-c', 'import cryptography']).then(
  () => true,
  () => false,
);

/** A folder as the reader has it: what `npm start` has written, and the packages that a guide names. */
async function readersFolder(): Promise<string> {
  const folder = await scratch();
  await mkdir(join(folder, '.local'));
  const { license_key } = await suite.license(3);
  await writeFile(join(folder, '.local', 'stack.json'), JSON.stringify({ license_key, tokens: suite.tokens }));
  await writeFile(join(folder, 'package.json'), '{"type": "module"}');
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

/** Pastes the first block, which sets the environment, and then the rest or a program. */
async function paste(guide: string, what: 'commands' | 'ts' | 'py'): Promise<string[]> {
  const folder = await readersFolder();
  const [setting = '', ...commands] = await blocks(guide, 'sh');
  const [program = ''] = what === 'commands' ? [''] : await blocks(guide, what);
  await writeFile(join(folder, `program.${what}`), program);
  const interpreter = what === 'ts' ? `'${process.execPath}'` : 'python3';
  const rest = what === 'commands' ? commands.join('\n') : `${interpreter} program.${what}`;
  const { stdout } = await run('sh', ['-euc', `${setting}\n${rest}`], { cwd: folder });
  return stdout.trim().split('\n');
}

describe('client-developer.md', () => {
  const GUIDE = 'client-developer.md';

  test.skipIf(!has('curl'))('its commands (needs curl)', async () => {
    const answers = (await paste(GUIDE, 'commands')).map((line) => JSON.parse(line));
    expect(answers).toMatchObject([{ last_heartbeat: expect.any(String) }, { seats_used: 0 }]);
  });

  test('its TypeScript', async () => {
    expect(await paste(GUIDE, 'ts')).toEqual([
      "licensed: professional [ 'export', 'collaboration' ]",
      'seats in use: 0',
    ]);
  });

  test.skipIf(!cryptography)('its Python (needs the package cryptography)', async () => {
    expect(await paste(GUIDE, 'py')).toEqual(["licensed: professional ['export', 'collaboration']", 'seats in use: 0']);
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
