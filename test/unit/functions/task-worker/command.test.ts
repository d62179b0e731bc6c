import { expect, test } from 'vitest';
import { runCommand } from '#functions/task-worker/command.ts';
import { captureSignals } from '#functions/task-worker/signals.ts';

test('a command whose task is another execution’s already is ended at once, not at its deadline', async () => {
  const signals = captureSignals();
  try {
    const status = await runCommand({
      command: [process.execPath, '-e', 'setInterval(() => {}, 1000)'],
      ...{ env: process.env, input: new Uint8Array(), deadline: 600_000, stop: AbortSignal.abort(), signals },
    });
    expect(status).toBe(128 + 15);
  } finally {
    signals.stop();
  }
});
