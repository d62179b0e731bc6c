import { hostname, uptime } from 'node:os';
import { fileStorage, stateDirectory } from '../storage/file.ts';
import { systemTime } from '../trusted-clock.ts';
import { onProcessExit } from './node-exit.ts';
import { nodeFetch } from './node-fetch.ts';
import { nodeHardwareId } from './node-hardware-id.ts';
import type { Platform } from './platform.ts';

/** Node, Deno and Bun. */
export const nodePlatform: Platform = {
  ...systemTime,
  sinceBoot,
  random: Math.random,
  setTimer(callback, milliseconds, essential) {
    const timer = setTimeout(callback, milliseconds);
    // A seat does not keep a program running: one that has nothing left to do ends, and gives the seat back.
    if (!essential) timer.unref();
    return () => clearTimeout(timer);
  },
  longestTimer: 30_000,
  fetch: nodeFetch,
  hardwareId: nodeHardwareId,
  defaultStorage: (application) => fileStorage(stateDirectory(application)),
  description: { hostname: hostname(), platform: `${process.platform}-${process.arch}` },
  onExit: onProcessExit,
  onWake: () => () => undefined,
};

/** Goes on while the machine sleeps, unlike `performance.now()` on Linux and macOS. Deno would ask the user for leave. */
function sinceBoot(): number {
  try {
    return 'Deno' in globalThis ? 0 : uptime() * 1000;
  } catch {
    return 0;
  }
}
