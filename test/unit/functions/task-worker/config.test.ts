import { describe, expect, test } from 'vitest';
import { environmentForCommand, workerConfig } from '#functions/task-worker/config.ts';
import { ConfigError, readConfig } from '#shared/model/config.ts';

const ENV = {
  PROJECT_ID: 'p',
  PAYLOAD_BUCKET: 'payloads',
  PAYLOAD_KEY: 'projects/p/locations/l/keyRings/r/cryptoKeys/k',
  TASK_ID: '6f1c2f5e-0d3c-4f43-9a39-0d9a3c1f7a11',
  WORKER_COMMAND: '["python3","-m","task"]',
};

describe('the settings', () => {
  test('are read', () => {
    expect(readConfig(workerConfig, ENV)).toMatchObject({
      WORKER_COMMAND: ['python3', '-m', 'task'],
      WORKER_DEADLINE_SECONDS: 3_300,
    });
  });

  test.each([
    ['WORKER_COMMAND', 'ls -l'],
    ['WORKER_COMMAND', '[]'],
    ['WORKER_COMMAND', '["ls", 1]'],
    ['WORKER_COMMAND', '{"a": "ls"}'],
    ['TASK_ID', '../secrets'],
    ['WORKER_DEADLINE_SECONDS', '0'],
    ['WORKER_DEADLINE_SECONDS', 'soon'],
    ['PAYLOAD_KEY', 'k'],
  ])('%s is not %s', (name, value) => {
    expect(() => readConfig(workerConfig, { ...ENV, [name]: value })).toThrow(ConfigError);
    expect(() => readConfig(workerConfig, { ...ENV, [name]: value })).toThrow(new RegExp(`^  ${name}(\\.\\d)?: `, 'm'));
  });
});

test('the command gets everything but the worker’s own', () => {
  const env = { ...ENV, NODE_OPTIONS: '--no-warnings', KMS_ENDPOINT: 'h:1', PATH: '/bin', LANG: 'C' };
  expect(environmentForCommand(env, 'id')).toEqual({ PATH: '/bin', LANG: 'C', TASK_ID: 'id' });
});
