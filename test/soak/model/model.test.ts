import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

/** A minute's worth of `test/model/run.sh`, whose README.md says what the models cover and what larger searches found. */
const FOLDER = resolve(import.meta.dirname, '../../model');
const installed = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
const canSearch = installed('spin') && installed('gcc');

describe.skipIf(!canSearch)(
  canSearch ? 'the seat protocol' : 'the seat protocol: needs spin and gcc (apt-get install spin gcc)',
  () => {
    test('holds as it is, and breaks without its guards', { timeout: 900_000 }, () => {
      const { stdout, stderr } = spawnSync('bash', [resolve(FOLDER, 'run.sh'), 'quick'], { encoding: 'utf8' });
      const verdicts = stdout
        .trim()
        .split('\n')
        .map((line) => line.split(/\s+/))
        .map((words) => `${words[0]}: ${words.at(-1)}`);
      expect(verdicts, stderr).toEqual([
        'acquire-2-limbo-2: complete',
        'group-limbo-1: complete',
        'live-suspend-and-resume: complete',
        'lease-delay-1-slack-1: complete',
        'lease-delay-1-slack-0: counterexample',
        'claim-seat-unguarded: counterexample',
        'heartbeat-upserts: counterexample',
        'release-unguarded: counterexample',
      ]);
    });
  },
);

const borrow = (...bounds: readonly string[]) => {
  const { stdout, status } = spawnSync(process.execPath, [resolve(FOLDER, 'borrow.mjs'), ...bounds], {
    encoding: 'utf8',
  });
  return { verdict: stdout.trim().split(/\s/)[0], status };
};

describe('borrowing', () => {
  test('holds for one seat, two machines and four commits', () => {
    expect(borrow('max=1', 'm=2', 'd=4')).toEqual({ verdict: 'COMPLETE', status: 0 });
  });

  test.each(['inplace', 'licGuard'])('breaks without %s', (guard) => {
    expect(borrow('max=1', 'm=2', `drop=${guard}`)).toEqual({ verdict: 'VIOLATION', status: 1 });
  });
});

const linger = (...bounds: readonly string[]) => {
  const { stdout, status } = spawnSync(process.execPath, [resolve(FOLDER, 'linger.mjs'), ...bounds], {
    encoding: 'utf8',
  });
  return { verdict: stdout.split(/[\s:]/)[0], status };
};

describe('a seat that is kept until the last copy has ended', () => {
  test('holds for one seat, two machines and four commits; a hand-over of a kept seat needs no guard', () => {
    expect(linger('t=3', 'd=4')).toEqual({ verdict: 'complete', status: 0 });
    expect(linger('t=3', 'd=4', 'drop=handBack')).toEqual({ verdict: 'complete', status: 0 });
  });

  test.each(['linger', 'open', 'release', 'takeover', 'handOver', 'reap', 'note'])('breaks without %s', (guard) => {
    expect(linger(`drop=${guard}`)).toEqual({ verdict: 'violation', status: 1 });
  });
});
