/**
 * Loaded into a measured process before its program (`node --import`): tells over the process's IPC channel what the
 * process has spent between `begin` and `end`.
 */
import { GCProfiler } from 'node:v8';

/** What a process has spent in a period. */
export interface Spent {
  /** Microseconds of CPU, of all its threads. */
  readonly cpu: number;
  /** Bytes that were allocated on V8's heap, whatever became of them. */
  readonly allocated: number;
}

let profiler = new GCProfiler();
let usedBefore = 0;
let cpuBefore = process.cpuUsage();

function begin(): void {
  profiler = new GCProfiler();
  profiler.start();
  usedBefore = process.memoryUsage().heapUsed;
  cpuBefore = process.cpuUsage();
}

function end(): Spent {
  const { user, system } = process.cpuUsage(cpuBefore);
  const usedAfter = process.memoryUsage().heapUsed;
  // What the collector has taken away was allocated, too.
  const collected = (profiler.stop()?.statistics ?? []).reduce(
    (sum, { beforeGC, afterGC }) => sum + beforeGC.heapStatistics.usedHeapSize - afterGC.heapStatistics.usedHeapSize,
    0,
  );
  return { cpu: user + system, allocated: usedAfter - usedBefore + collected };
}

process.on('message', (message) => {
  if (message === 'begin') {
    begin();
    process.send?.('begun');
  } else if (message === 'end') process.send?.(end());
});
// Whoever has started it is gone.
process.once('disconnect', () => process.exit());
// The channel alone keeps no process running.
process.channel?.unref();
