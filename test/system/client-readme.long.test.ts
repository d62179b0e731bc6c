import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type ClientPackage, packClient } from './client-package.ts';
import { run, scratch, useSuite } from './suite.ts';

const README = resolve(import.meta.dirname, '../../client/README.md');

const suite = useSuite();
let client: ClientPackage;
beforeAll(async () => {
  client = await packClient();
});

interface Block {
  readonly language: string;
  readonly text: string;
  /** From a first line such as `// first.mjs`. */
  readonly file: string | undefined;
}

async function blocks(): Promise<Block[]> {
  const page = await readFile(README, 'utf8');
  return [...page.matchAll(/^```(\w*)\n([\s\S]*?)^```/gm)].map(([, language = '', text = '']) => ({
    language,
    text,
    file: /^(?:\/\/|#) (\S+\.\w+)\n/.exec(text)?.[1],
  }));
}

/** A licence of the product and the features that the page speaks of, and what a reader has of it. */
async function readersFolder(): Promise<{ folder: string; key: string; id: string }> {
  const license = {
    tenant_id: 'demo',
    product: 'my-program',
    tier: 'professional',
    max_seats: 2,
    features: ['export'],
  };
  const created = await suite.post('/api/v1/licenses', { ...license, expires_at: '2090-01-01T00:00:00Z' }, 'staff');
  const { license_key: key, license_id: id } = created.body;
  const folder = join(await scratch(), 'project');
  await mkdir(folder);
  await run('npm', ['init', '-y'], { cwd: folder });
  const seat = await suite.post('/api/v1/licenses/acquire', { license_key: key, hardware_id: 'my-laptop' });
  await writeFile(join(folder, 'license.json'), seat.text);
  await writeFile(join(folder, 'render'), '#!/bin/sh\necho "rendering $*"\n');
  await chmod(join(folder, 'render'), 0o755);
  return { folder, key, id };
}

/** What the reader types for a block: a shell's lines as they are, a program by its name. */
function typed({ language, file }: Block, text: string): string {
  if (language === 'sh') return text;
  if (language === 'js') return `'${process.execPath}' ${file}`;
  throw new Error(`a block of ${language === '' ? 'no language' : language}, which nobody can paste`);
}

test('all that README.md of the client shows runs as it is pasted, from top to bottom, after npm init -y', async () => {
  const { folder, key, id } = await readersFolder();
  const pasted = (text: string) =>
    text
      .replaceAll('https://licenses.example.com', suite.stack.gateway)
      .replaceAll('CS-…', key)
      .replaceAll('npm install countersign-client', `npm install --offline --no-audit --no-fund '${client.tarball}'`);
  const shown = await blocks();
  const script: string[] = [];
  for (const block of shown) {
    const text = pasted(block.text);
    if (block.file !== undefined) await writeFile(join(folder, block.file), text);
    script.push(typed(block, text));
  }
  const env = {
    ...process.env,
    PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
    XDG_STATE_HOME: join(folder, 'kept'),
    COUNTERSIGN_URL: undefined,
    COUNTERSIGN_LICENSE_KEY: undefined,
  };
  const { stdout, stderr } = await run('sh', ['-euc', script.join('\n')], { cwd: folder, env });
  expect(shown.map(({ language }) => language).sort()).toEqual(['js', 'js', 'sh', 'sh']);
  for (const line of [
    /^held\nwith export\nreleased$/m,
    /^valid until 20\d\d-/m,
    /^[0-9a-f]{64}$/m,
    /^valid \(signed-json\)$/m,
    /^rendering --all$/m,
  ]) {
    expect(stdout).toMatch(line);
  }
  expect(stderr).toMatch(/seat held[\s\S]*seat given back/);
  const usage = await suite.send('GET', `/api/v1/licenses/${id}/usage`, undefined, 'owner');
  expect(usage.body.seats_used).toBe(1); // my-laptop's
});
