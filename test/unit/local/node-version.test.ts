import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { nodeProblem } from '#local/node-version.mjs';

const nowhere = join(tmpdir(), 'no-such-folder');

describe('the Node that runs the project', () => {
  test.each(['22.18.0', '22.21.1', '23.6.0', '24.0.0', '26.1.0'])('%s does', (version) => {
    expect(nodeProblem(nowhere, version)).toBeUndefined();
  });

  test.each(['12.22.12', '18.20.8', '20.20.2', '22.17.1', '23.5.0'])('%s is too old, and is told so', (version) => {
    expect(nodeProblem(nowhere, version)).toMatch(`it needs Node 22.18 or later, best 24, and this is ${version}.`);
  });

  test('where npm has installed another one, its commands lead to that', async () => {
    const root = await mkdtemp(join(tmpdir(), 'countersign-'));
    const folder = join(root, 'node_modules', `node-linux-${process.arch}`, 'bin');
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'node'), '');
    expect(nodeProblem(root, '20.20.2')).toMatch('start with npm start or npm test');
  });
});
