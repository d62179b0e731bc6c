import { spawn } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { has } from '../programs.ts';
import { run, scratch, useSuite } from './suite.ts';

/** The listings of docs/client-developer.md for our clients: each task in each language does the same. */
const ROOT = resolve(import.meta.dirname, '../..');
const suite = useSuite();

const cryptography = await run('python3', ['-c', 'import cryptography']).then(
  () => true,
  () => false,
);

interface Reader {
  readonly name: string;
  /** Of the listings' fences. */
  readonly fence: string;
  readonly missing?: string | false;
  /** Makes a folder in which programs find the client. */
  prepare(folder: string): Promise<unknown>;
  write(folder: string, program: string): Promise<readonly [string, ...string[]]>;
}

const READERS: readonly Reader[] = [
  {
    name: 'TypeScript',
    fence: 'ts',
    async prepare(folder) {
      const home = join(folder, 'node_modules/countersign-client');
      const entryPoints = [join(ROOT, 'client/src/node.ts')];
      await build({ entryPoints, outfile: join(home, 'index.js'), bundle: true, platform: 'node', format: 'esm' });
      await writeFile(join(home, 'package.json'), '{"type": "module", "exports": "./index.js"}');
    },
    async write(folder, program) {
      await writeFile(join(folder, 'program.mts'), program);
      return [process.execPath, 'program.mts'];
    },
  },
  {
    name: 'Python',
    fence: 'py',
    missing: !cryptography && 'the package cryptography',
    prepare: async () => {},
    async write(folder, program) {
      await writeFile(join(folder, 'program.py'), program);
      return ['python3', 'program.py'];
    },
  },
  {
    name: 'Go',
    fence: 'go',
    missing: !has('go') && 'go',
    async prepare(folder) {
      const client = 'countersign.example/client';
      const module = `module example\n\ngo 1.19\n\nrequire ${client} v0.1.0\n\nreplace ${client} => ${ROOT}/clients/go\n`;
      await writeFile(join(folder, 'go.mod'), module);
    },
    async write(folder, program) {
      await writeFile(join(folder, 'main.go'), program);
      return ['go', 'run', '.'];
    },
  },
];

const text = await readFile(join(ROOT, 'docs/client-developer.md'), 'utf8');
const listing = (fence: string, task: string) =>
  new RegExp(`\`\`\`${fence} ${task}\n([\\s\\S]*?)\`\`\``).exec(text)?.[1];

describe.for(READERS)('client-developer.md in $name', ({ name, fence, missing, prepare, write }) => {
  const needs = missing ? ` (needs ${missing})` : '';
  const present = test.skipIf(missing || listing(fence, 'hold') === undefined);
  let folder: string;
  let license: { readonly license_id: string; readonly license_key: string };
  let cache: Record<string, string>;
  const running: ReturnType<typeof spawn>[] = [];
  beforeAll(async () => {
    if (missing) return;
    folder = await scratch();
    await mkdir(join(folder, 'home'));
    await prepare(folder);
    await writeFile(join(folder, 'root.pem'), (await suite.send('GET', '/api/v1/root-keys.pem')).text);
    license = await suite.license(1);
    const terms = { borrow: { max_seats: 1, early_return: true }, queue: { max_length: 10 } };
    await suite.send('PATCH', `/api/v1/licenses/${license.license_id}`, terms, 'staff');
    // What the adapter of the conformance tests was compiled with.
    cache = fence === 'go' ? { GOCACHE: (await run('go', ['env', 'GOCACHE'])).stdout.trim() } : {};
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });

  async function play(task: string, onLine: (line: string) => unknown = () => {}): Promise<string[]> {
    const [program, ...args] = await write(folder, listing(fence, task) ?? '');
    const { PATH } = process.env;
    const child = spawn(program, args, {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...{ PATH, HOME: join(folder, 'home'), PYTHONPATH: join(ROOT, 'clients/python'), PYTHONDONTWRITEBYTECODE: '1' },
        ...{ GOFLAGS: '-mod=mod', GOPROXY: 'off', ...cache, COUNTERSIGN_HARDWARE_ID: name },
        ...{ COUNTERSIGN_URL: suite.stack.gateway, COUNTERSIGN_LICENSE_KEY: license.license_key },
      },
    });
    running.push(child);
    let [out, errors] = ['', ''];
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.stdout.on('data', (data) => {
      out += data;
      onLine(String(data));
    });
    const status = await new Promise((done) => child.on('close', done));
    expect([status, errors]).toEqual([0, errors]);
    return out.trim().split('\n');
  }

  present(`hold a seat${needs}`, { timeout: 120_000 }, async () => {
    expect(await play('hold')).toEqual(['held', 'licensed: professional', 'released']);
  });

  present(`borrow it${needs}`, { timeout: 120_000 }, async () => {
    expect(await play('borrow')).toEqual(['borrowed', 'released']);
  });

  present(`wait for one${needs}`, { timeout: 120_000 }, async () => {
    const { license_key } = license;
    const { session_id } = (await suite.post('/api/v1/licenses/acquire', { license_key, hardware_id: 'other' })).body;
    const release = (line: string) => {
      if (line.includes('place')) void suite.post('/api/v1/licenses/release', { session_id });
    };
    expect(await play('wait', release)).toEqual(['place 1 of 1', 'licensed: professional']);
  });

  present(`check a licence that you were handed${needs}`, { timeout: 120_000 }, async () => {
    const asked = { license_key: license.license_key, hardware_id: 'other', token_format: 'file' };
    const { license_file, session_id } = (await suite.post('/api/v1/licenses/acquire', asked)).body;
    await suite.post('/api/v1/licenses/release', { session_id });
    await writeFile(join(folder, 'license.txt'), license_file);
    expect(await play('verify')).toEqual(['professional']);
  });
});
