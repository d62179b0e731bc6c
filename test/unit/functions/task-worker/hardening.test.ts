import { describe, expect, test } from 'vitest';
import { hardenProcess, memoryDumpOptions } from '#functions/task-worker/hardening.ts';

describe('options that reveal memory', () => {
  test.each([
    '--heapsnapshot-near-heap-limit=2',
    '--heapsnapshot-signal=SIGUSR2',
    '--heap-prof',
    '--report-on-fatalerror',
    '--report_on_signal',
    '--report-uncaught-exception',
    '--inspect=0.0.0.0:9229',
    '--inspect-brk',
    '--abort-on-uncaught-exception',
  ])('%s', (option) => {
    expect(memoryDumpOptions([option])).toHaveLength(1);
    expect(memoryDumpOptions([], `--no-warnings ${option}`)).toHaveLength(1);
  });

  test.each(['--enable-source-maps', '--max-old-space-size=512', '--no-warnings', ''])('not %s', (option) => {
    expect(memoryDumpOptions([option], option)).toEqual([]);
  });
});

test('diagnostic reports are off afterwards', () => {
  if (process.report) process.report.reportOnFatalError = true;
  hardenProcess();
  expect(process.report?.reportOnFatalError).toBe(false);
  expect(process.report?.reportOnUncaughtException).toBe(false);
  expect(process.report?.reportOnSignal).toBe(false);
});
