import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { currentStartBundle, startBundleFolder, stateOf } from '#local/start-bundle.mjs';

let root: string;
let source: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'countersign-'));
  source = join(root, 'source.ts');
  await mkdir(startBundleFolder(root), { recursive: true });
  await writeFile(source, 'export {};\n');
  await writeManifest(JSON.stringify({ entry: 'start-1.mjs', sources: { 'source.ts': stateOf(source) } }));
});
afterEach(() => rm(root, { recursive: true }));

const writeManifest = (text: string) => writeFile(join(startBundleFolder(root), 'manifest.json'), text);

test('a bundle of the sources as they are is what the start runs', () => {
  expect(currentStartBundle(root)).toBe(join(startBundleFolder(root), 'start-1.mjs'));
});

test.each([
  ['changed in length', () => writeFile(source, 'export {};\n\n')],
  ['written anew', () => utimes(source, new Date(0), new Date(0))],
  ['gone', () => rm(source)],
])('a source that is %s: the sources run', async (_, change) => {
  await change();
  expect(currentStartBundle(root)).toBeUndefined();
});

test('no manifest, or one that is no JSON: the sources run', async () => {
  await writeManifest('{');
  expect(currentStartBundle(root)).toBeUndefined();
  await rm(startBundleFolder(root), { recursive: true });
  expect(currentStartBundle(root)).toBeUndefined();
});
