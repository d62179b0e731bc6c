import type { ExitHandler, Fetch, Platform } from '../../../client/src/platform/platform.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';
import { checkModelSignature, type ModelServer } from './model-server.ts';
import type { World } from './world.ts';

/** A computer in a simulated world: it sleeps, loses its network, has its clock set, and its programs crash. */
export interface Machine {
  readonly platform: Platform;
  readonly name: string;
  /** Added to the true time by its wall clock. */
  clockOffset: number;
  network: 'up' | 'refused' | 'silent' | 'portal';
  sleepUntil(time: number): void;
  /** Nothing that was started before this happens any more. */
  crash(): void;
  wake(): void;
  /** What is to be told when the program ends; undefined while there is nothing. */
  exit(): ExitHandler | undefined;
  /** Since when it has been awake and connected; undefined while it is not. */
  fineSince(): number | undefined;
  requests: number;
}

export interface MachineOptions {
  readonly world: World;
  readonly server: ModelServer;
  readonly random: () => number;
  readonly name: string;
  readonly longestTimer?: number;
  /** Timers stand still while it sleeps (Linux) or are late by as much (others). */
  readonly timersSleep?: boolean;
  readonly onRequest?: (path: string, time: number) => void;
}

const LATENCY = 40;

export function createMachine(options: MachineOptions): Machine {
  const { world, server, random, name, onRequest } = options;
  let generation = 0;
  let slept = 0;
  let asleepSince: number | undefined;
  let wakeAt = 0;
  let fine: number | undefined = world.now();
  let network: Machine['network'] = 'up';
  let onWake: (() => void) | undefined;
  let exit: ExitHandler | undefined;

  const asleep = () => world.now() < wakeAt;
  const monotonic = () => (asleep() ? (asleepSince ?? world.now()) : world.now()) - slept;

  const setTimer: Platform['setTimer'] = (callback, milliseconds) => {
    const born = generation;
    let cancel = () => {};
    const due = monotonic() + milliseconds;
    const ring = () => {
      if (born !== generation) return;
      if (asleep()) cancel = world.at(wakeAt, ring);
      else if (options.timersSleep && monotonic() < due) cancel = world.at(world.now() + due - monotonic(), ring);
      else callback();
    };
    if (milliseconds < 1e12) cancel = world.at(world.now() + milliseconds, ring);
    return () => cancel();
  };

  const fetch: Fetch = (url, { body, signal }) =>
    new Promise((resolve, reject) => {
      const path = new URL(url).pathname;
      const born = generation;
      machine.requests += 1;
      onRequest?.(path, world.now());
      if (network === 'refused') return reject(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));
      if (network === 'silent' && body !== undefined) {
        return signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      }
      // A captive portal, or a proxy that does not pass the request on, answers in the server's place.
      const portal = { status: 200, body: '<html>Sign in</html>', retryAfter: undefined };
      const answer = network === 'portal' ? portal : server.handle(path, body === undefined ? {} : JSON.parse(body));
      const date = new Date(world.now()).toUTCString();
      const arrive = () => {
        if (born !== generation) return;
        if (asleep()) return void world.at(wakeAt, arrive);
        const stated: Readonly<Record<string, string | undefined>> = { date, 'retry-after': answer.retryAfter };
        const headers = { get: (header: string) => stated[header] ?? null };
        const text = JSON.stringify(answer.body);
        resolve({ ok: answer.status < 300, status: answer.status, headers, text: async () => text });
      };
      world.at(world.now() + LATENCY, arrive);
    });

  const machine: Machine = {
    name,
    clockOffset: 0,
    requests: 0,
    get network() {
      return network;
    },
    set network(state) {
      network = state;
      fine = state === 'up' ? Math.max(world.now(), wakeAt) : undefined;
    },
    sleepUntil(time) {
      if (asleep()) return;
      asleepSince = world.now();
      wakeAt = time;
      fine = network === 'up' ? time : undefined;
      world.at(time, () => {
        slept += time - (asleepSince ?? time);
        asleepSince = undefined;
      });
    },
    crash() {
      generation += 1;
      onWake = undefined;
    },
    wake: () => onWake?.(),
    exit: () => exit,
    fineSince: () => (asleep() ? undefined : fine),
    platform: {
      now: () => world.now() + machine.clockOffset,
      monotonic,
      random,
      setTimer,
      longestTimer: options.longestTimer ?? Number.POSITIVE_INFINITY,
      fetch,
      hardwareId: async () => name,
      defaultStorage: () => memoryStorage(),
      description: {},
      checkSignature: checkModelSignature,
      onExit(handler) {
        exit = handler;
        return () => {
          exit = undefined;
        };
      },
      onWake(callback) {
        onWake = callback;
        return () => {
          onWake = undefined;
        };
      },
    },
  };
  return machine;
}
