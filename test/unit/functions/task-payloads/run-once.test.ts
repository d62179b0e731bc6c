import { describe, expect, test } from 'vitest';
import { nextStep } from '#functions/task-payloads/run-once.ts';
import type { Task, TaskStart } from '#functions/task-payloads/tasks.ts';

const NOW = 1_700_000_000_000;
const asked = { id: 's', requested_at: NOW, key: 'k', execution: null, unknown: false };

const task = (state: Task['state'], start: TaskStart | null = null): Task => ({
  caller: 'a@b',
  sealed_at: NOW,
  size: 1,
  key_version: 'v',
  state,
  start,
  exit_code: null,
  ended_at: null,
});

describe('a request to run a task that', () => {
  test.each([
    ['is sealed starts it', task('sealed'), null, NOW, 'start'],
    ['another request is starting waits for its execution', task('started', asked), 'x', NOW + 59_999, 'wait'],
    ['a request has crashed at starting answers', task('started', asked), 'x', NOW + 60_000, 'answer'],
    ['may have started answers', task('started', { ...asked, unknown: true }), 'x', NOW, 'answer'],
    ['runs answers', task('started', { ...asked, execution: 'e' }), 'x', NOW, 'answer'],
    ['has failed starts it under a new key', task('failed', { ...asked, execution: 'e' }), 'x', NOW, 'start'],
    ['has failed answers under the same key', task('failed', { ...asked, execution: 'e' }), 'k', NOW, 'answer'],
    ['has failed answers without a key', task('failed', { ...asked, execution: 'e' }), null, NOW, 'answer'],
    ['failed without a key starts it under one', task('failed', { ...asked, key: null }), 'x', NOW, 'start'],
    ['has succeeded is refused', task('succeeded', asked), 'x', NOW, 'refuse'],
    ['is deleted finds none', task('deleted', asked), 'x', NOW, 'none'],
  ] as const)('%s', (_, given, fingerprint, now, step) => {
    expect(nextStep(given, fingerprint, now)).toBe(step);
  });
});
