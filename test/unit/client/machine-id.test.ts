import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hardwareIdOf, type Machine } from '../../../client/src/platform/node-hardware-id.ts';
import { fileStorage } from '../../../client/src/storage/file.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';

const hashed = (application: string, machine: string) =>
  createHash('sha256').update(`countersign/hardware/v1:${application}:${machine}`).digest('hex');

const machine = (rest: Partial<Machine> = {}): Machine => ({
  env: {},
  hostname: 'host',
  inContainer: false,
  systemId: async () => 'a'.repeat(32),
  ...rest,
});

describe('the hardware id', () => {
  test('is the machine id, hashed with the application as salt', async () => {
    const storage = memoryStorage();
    expect(await hardwareIdOf(machine(), 'app', storage)).toBe(hashed('app', 'a'.repeat(32)));
    expect(await hardwareIdOf(machine(), 'other', storage)).toBe(hashed('other', 'a'.repeat(32)));
  });

  test('is what the operator says, as it is', async () => {
    const env = { COUNTERSIGN_HARDWARE_ID: 'pod-0' };
    expect(await hardwareIdOf(machine({ env, inContainer: true }), 'app', memoryStorage())).toBe('pod-0');
  });

  test('is the host name in a container, whose machine id is its image’s', async () => {
    expect(await hardwareIdOf(machine({ inContainer: true }), 'app', memoryStorage())).toBe(
      hashed('app', 'container:host'),
    );
  });

  test.each([
    ['has none', async () => undefined],
    [
      'cannot be asked',
      async () => {
        throw new Error('denied');
      },
    ],
  ])('is random and kept where the machine %s', async (_what, systemId) => {
    const storage = memoryStorage();
    const id = await hardwareIdOf(machine({ systemId }), 'app', storage);
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(await hardwareIdOf(machine({ systemId }), 'app', storage)).toBe(id);
    expect(await hardwareIdOf(machine({ systemId }), 'app', memoryStorage())).not.toBe(id);
  });
});

describe('file storage', () => {
  test('keeps, replaces and forgets, readable by its owner alone', async () => {
    const directory = join(mkdtempSync(join(tmpdir(), 'countersign-')), 'deep', 'er');
    const storage = fileStorage(directory);
    expect(await storage.get('a')).toBeUndefined();
    await storage.set('a', 'one');
    await storage.set('a', 'two ✓');
    await storage.set('../b', 'outside?');
    expect([await storage.get('a'), await storage.get('../b')]).toEqual(['two ✓', 'outside?']);
    expect(readdirSync(directory).sort()).toEqual(['.._b.txt', 'a.txt']);
    expect(statSync(join(directory, 'a.txt')).mode & 0o777).toBe(0o600);
    await storage.delete('a');
    await storage.delete('a');
    expect(await storage.get('a')).toBeUndefined();
  });
});
