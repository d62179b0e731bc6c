import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildConsoleApp } from '../../../../scripts/build/console-app.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'console-app-'));
  await buildConsoleApp(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const manifest = async () => JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'));
const zipped = async (names: readonly string[]) => {
  const files = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return files.reduce((sum, bytes) => sum + gzipSync(bytes, { level: 9 }).length, 0);
};

test('the first screen is at most 40 kB of script and 10 kB of style', async () => {
  const { script, preload, styles } = await manifest();
  expect(await zipped([script, ...preload])).toBeLessThanOrEqual(40_000);
  expect(await zipped(styles)).toBeLessThanOrEqual(10_000);
});

test('the chart is no part of it, nor is any schema', async () => {
  const { script, preload } = await manifest();
  const first = (
    await Promise.all([script, ...preload].map((name: string) => readFile(join(folder, name), 'utf8')))
  ).join();
  expect(first).not.toMatch(/patternUnits|ZodError|safeParse/);
});
