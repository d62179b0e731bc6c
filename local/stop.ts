import { setTimeout as sleep } from 'node:timers/promises';

/** npm hands Ctrl-C on to its script, which the terminal has told already: within this time it is one wish to stop. */
const SAME_SIGNAL_MS = 1_000;
const GRACE_MS = 10_000;
const PARENT_POLL_MS = 1_000;

/**
 * Ends the process with status 0 when it is told to, after `close`. A second signal ends it at once.
 * @param close lets go of everything; what it does not let go of within ten seconds ends with the process
 */
export function stopOnSignals(close: () => Promise<void>, say: (line: string) => void): void {
  let since: number | undefined;
  const stop = async () => {
    if (since !== undefined) {
      if (performance.now() - since > SAME_SIGNAL_MS) process.exit(1);
      return;
    }
    since = performance.now();
    const inTime = await Promise.race([
      close().then(
        () => true,
        () => true,
      ),
      sleep(GRACE_MS, false),
    ]);
    say(inTime ? 'stopped' : 'stopped   (something did not end by itself in time)');
    process.exitCode = 0;
    process.stdout.write('', () => process.exit());
  };
  // SIGHUP: the terminal was closed. SIGBREAK: Ctrl-Break on Windows.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGBREAK'] as const) process.on(signal, stop);
  if (process.env['npm_lifecycle_event'] !== undefined) stopWithParent(stop);
}

/** Between npm and its script is a shell, which may end on a signal without passing it on. */
function stopWithParent(stop: () => Promise<void>): void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    void stop();
  }, PARENT_POLL_MS);
  timer.unref();
}
