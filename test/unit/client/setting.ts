import { unpinnedKeys } from '../../../client/src/keys/unpinned.ts';
import type { SeatEvent } from '../../../client/src/seat/events.ts';
import { holdSeatOn } from '../../../client/src/seat/hold.ts';
import type { SeatOptions, ServerOptions } from '../../../client/src/seat/options.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';
import { createMachine, type MachineOptions } from './machine.ts';
import { createModelServer, type ModelLicense } from './model-server.ts';
import { createWorld, START, seeded, settle } from './world.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;

/** A licence server and a machine in simulated time, and what a program on it does and is told. */
export function setUp(options: Partial<MachineOptions> = {}, seats = 2) {
  const world = createWorld();
  const license: ModelLicense = {
    seats,
    leaseSeconds: 360,
    offlineSeconds: 24 * 3600,
    expiresAt: START + 30 * 24 * HOUR,
  };
  const server = createModelServer(world.now, { KEY: license });
  const random = seeded(7);
  const add = (name: string) => createMachine({ world, server, random, name, ...options });
  const machine = add('m');
  const events: SeatEvent[] = [];
  const types = () => events.map(({ type }) => type);
  const storage = memoryStorage();
  const hold = (rest: Partial<SeatOptions & ServerOptions> = {}, on = machine) =>
    holdSeatOn(on.platform, {
      url: 'http://licenses.example',
      licenseKey: 'KEY',
      product: 'default',
      keys: unpinnedKeys(),
      storage,
      onEvent: (event) => events.push(event),
      ...rest,
    });
  /** Lets simulated time pass until a promise is settled. */
  async function outcome<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const finish = () => {
      done = true;
    };
    promise.then(finish, finish);
    for (let i = 0; i < 10_000 && !done; i += 1) {
      for (let n = 0; n < 5 && !done; n += 1) await settle();
      if (!done) await world.run(world.now() + SECOND);
    }
    return promise;
  }
  const pass = (milliseconds: number) => world.run(world.now() + milliseconds);
  const live = () => [...server.sessions.values()].filter(({ expiresAt }) => expiresAt > world.now()).length;
  return { world, license, server, machine, add, events, types, storage, hold, outcome, pass, live };
}
