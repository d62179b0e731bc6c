import { expect, test } from 'vitest';
import { unpinnedKeys } from '../../../client/src/keys/unpinned.ts';
import type { SeatEvent } from '../../../client/src/seat/events.ts';
import { holdSeatOn } from '../../../client/src/seat/hold.ts';
import type { Seat } from '../../../client/src/seat/seat.ts';
import { memoryStorage } from '../../../client/src/storage/memory.ts';
import { createMachine, type Machine } from '../../unit/client/machine.ts';
import { createModelServer, type ModelServer } from '../../unit/client/model-server.ts';
import { createWorld, START, seeded, settle, type World } from '../../unit/client/world.ts';

/**
 * A thousand clients for a week of what happens to clients. Leases are long, so that a week is some hundred thousand
 * calls and not five million; nothing in the client knows how long a lease is.
 */
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const LEASE_SECONDS = 6 * 3600;
const LEASE = LEASE_SECONDS * 1000;
const INTERVAL = LEASE / 3;
const OFFLINE = 72 * HOUR;
/** By then whoever is awake and connected has heard from the server: a beat, or a retry after one, and the pause after a denial. */
const SETTLED = INTERVAL + MINUTE;

interface Client {
  readonly machine: Machine;
  readonly license: string;
  seat: Seat | undefined;
  /** A second window of the same program. */
  window: Seat | undefined;
  /** Undefined while it runs. */
  stoppedAt: number | undefined;
  readonly lost: { readonly reason: string; readonly at: number; readonly validUntil: number }[];
  failed: number;
  runs: number;
  seizedAt: number | undefined;
}

interface Population {
  readonly license: string;
  readonly clients: number;
}

function createFleet(world: World, server: ModelServer, random: () => number) {
  const clients: Client[] = [];
  let open = true;

  function start(client: Client, storage = memoryStorage()): void {
    if (!open) return;
    const { machine } = client;
    client.runs += 1;
    const run = client.runs;
    client.stoppedAt = undefined;
    const current = () => run === client.runs;
    const onEvent = (event: SeatEvent) => {
      if (!current() || event.type !== 'lost') return;
      const validUntil = client.seat?.license.validUntil ?? 0;
      client.lost.push({ reason: event.reason, at: world.now(), validUntil });
      stop(client);
      if (client.license !== 'cut') again(client, HOUR);
    };
    holdSeatOn(machine.platform, {
      url: 'http://licenses.example',
      licenseKey: client.license,
      product: 'default',
      keys: unpinnedKeys(),
      hardwareId: machine.name,
      storage,
      wait: WEEK,
      patience: WEEK,
      onEvent,
    }).then(
      (seat) => {
        if (current()) client.seat = seat;
      },
      () => {
        if (!current()) return;
        client.failed += 1;
        stop(client);
        again(client, HOUR);
      },
    );
  }

  function stop(client: Client): void {
    client.seat = undefined;
    client.window = undefined;
    client.stoppedAt ??= world.now();
    client.runs += 1;
    client.machine.crash();
  }

  function again(client: Client, within: number): void {
    const run = client.runs;
    world.at(world.now() + within * random(), () => {
      if (run === client.runs) start(client);
    });
  }

  /** What happens to one client, at random moments all week long. */
  function trouble(client: Client): void {
    const { machine } = client;
    const often = (perWeek: number, act: () => void) => {
      const next = () => {
        world.at(world.now() - (WEEK / perWeek) * Math.log(1 - random()), () => {
          if (!open) return;
          act();
          next();
        });
      };
      next();
    };
    often(6, () => machine.sleepUntil(world.now() + (0.2 + 12 * random()) * HOUR));
    often(8, () => {
      machine.network = (['refused', 'silent', 'portal'] as const)[Math.floor(3 * random())] ?? 'refused';
      const back = world.now() + (random() < 0.8 ? 10 * MINUTE : 6 * HOUR) * random();
      world.at(back, () => {
        machine.network = 'up';
      });
    });
    often(6, () => {
      if (client.seat === undefined || client.window !== undefined || machine.fineSince() === undefined) return;
      const run = client.runs;
      const options = {
        url: 'http://licenses.example',
        licenseKey: client.license,
        product: 'soak',
        keys: unpinnedKeys(),
      };
      holdSeatOn(machine.platform, { ...options, hardwareId: machine.name, storage: memoryStorage() }).then(
        (window) => {
          if (run !== client.runs) return;
          client.window = window;
          world.at(world.now() + 5 * HOUR * random(), () => {
            if (run !== client.runs || client.window !== window) return;
            client.window = undefined;
            void window.release();
          });
        },
        () => undefined,
      );
    });
    often(1, () => {
      machine.clockOffset = (random() - 0.5) * 20 * HOUR;
    });
    often(0.5, () => {
      stop(client);
      again(client, 4 * HOUR);
    });
    often(0.5, () => {
      const { seat } = client;
      if (seat === undefined || machine.fineSince() === undefined || server.fault === 'down') return;
      void seat.release().then(() => {
        if (client.seat !== seat) return;
        stop(client);
        again(client, 8 * HOUR);
      });
    });
    often(0.05, () => {
      const session = sessionOf(client);
      if (session === undefined) return;
      client.seizedAt = world.now();
      server.end(session, 'admin_released');
    });
  }

  const sessionOf = (client: Client): string | undefined => {
    const id = client.seat?.license.claims['session_id'];
    return typeof id === 'string' ? id : undefined;
  };

  return {
    clients,
    sessionOf,
    /** Everybody goes home. */
    close(): void {
      open = false;
      for (const client of clients) {
        client.machine.network = 'up';
        void client.window?.release();
        if (client.seat === undefined) stop(client);
        else void client.seat.release();
      }
    },
    populate({ license, clients: count }: Population, troubled = true): void {
      for (let i = 0; i < count; i += 1) {
        const machine = createMachine({ world, server, random, name: `${license}-${i}` });
        const client: Client = {
          machine,
          license,
          seat: undefined,
          window: undefined,
          stoppedAt: undefined,
          lost: [],
          failed: 0,
          runs: 0,
          seizedAt: undefined,
        };
        clients.push(client);
        again(client, 2 * HOUR);
        if (troubled) trouble(client);
      }
    },
  };
}

test('1,000 clients, a week of sleep, crashes, blips, wrong clocks, outages and rotations', async () => {
  const world = createWorld();
  const random = seeded(20260701);
  const terms = { leaseSeconds: LEASE_SECONDS, offlineSeconds: OFFLINE / 1000, expiresAt: START + 365 * DAY };
  const prolonged = { ...terms, seats: 40, expiresAt: START + DAY - HOUR };
  const server = createModelServer(world.now, {
    ample: { ...terms, seats: 828 },
    prolonged,
    scarce: { ...terms, seats: 100 },
    cut: { ...terms, seats: 20 },
  });
  const fleet = createFleet(world, server, random);
  fleet.populate({ license: 'ample', clients: 828 });
  fleet.populate({ license: 'scarce', clients: 112 });
  fleet.populate({ license: 'cut', clients: 20 }, false);
  fleet.populate({ license: 'prolonged', clients: 40 }, false);
  const { clients, sessionOf } = fleet;

  let wentDown = Number.NEGATIVE_INFINITY;
  let cameUp = START;
  let signsSince = START;
  const outage = (at: number, length: number, fault: ModelServer['fault']) => {
    world.at(at, () => {
      server.fault = fault;
      if (fault === 'down') wentDown = world.now();
    });
    world.at(at + length, () => {
      server.fault = undefined;
      if (fault === 'down') cameUp = world.now();
      else signsSince = world.now();
    });
  };
  for (let day = 0; day < 7; day += 1) {
    outage(START + day * DAY + 9.3 * HOUR, (5 + 100 * random()) * MINUTE, 'down');
    outage(START + day * DAY + 15.1 * HOUR, 3 * HOUR, 'signing');
    world.at(START + day * DAY + 20 * HOUR, () => server.rotate());
    // At the last moment, as people do.
    world.at(prolonged.expiresAt + day * DAY - 12_000, () => {
      prolonged.expiresAt += DAY;
    });
  }
  // Twenty that never hear of the server again, and turn back their clocks.
  world.at(START + 1.2 * DAY, () => {
    for (const { machine, license } of clients) {
      if (license !== 'cut') continue;
      machine.network = 'refused';
      world.at(world.now() + random() * DAY, () => {
        machine.clockOffset = -random() * 60 * HOUR;
      });
    }
  });

  const wrong: string[] = [];
  const says = (client: Client, what: string) =>
    void wrong.push(`${client.machine.name} at ${(world.now() - START) / HOUR} h: ${what}`);
  let looked = 0;
  function look(): void {
    for (const license of ['ample', 'scarce', 'cut', 'prolonged']) {
      const seats = { ample: 828, scarce: 100, cut: 20, prolonged: 40 }[license] ?? 0;
      if (server.used(license) > seats) wrong.push(`${license}: ${server.used(license)} of ${seats}`);
    }
    const owners = new Map(clients.map((client) => [client.machine.name, client]));
    for (const session of server.sessions.values()) {
      if (session.expiresAt <= world.now()) continue;
      const owner = owners.get(session.hardware);
      const stopped = owner?.stoppedAt;
      if (owner && stopped !== undefined && world.now() - stopped > LEASE + MINUTE) says(owner, 'leaks a seat');
    }
    const quiet = server.fault !== 'down' && wentDown < cameUp;
    for (const client of clients) {
      const fine = client.machine.fineSince();
      const since = Math.max(fine ?? Number.POSITIVE_INFINITY, cameUp, client.seizedAt ?? START);
      if (!quiet || world.now() - since < SETTLED || client.seat === undefined) continue;
      looked += 1;
      const id = sessionOf(client);
      const session = id === undefined ? undefined : server.sessions.get(id);
      if (client.seat.state !== 'held') {
        // Whoever has lost its session needs a signature to have another one.
        const signed = server.fault !== 'signing' && world.now() - signsSince >= SETTLED;
        if (signed) says(client, `is ${client.seat.state}, though all is well`);
      } else if (session === undefined) says(client, 'keeps a seat that it does not have');
      else if (session.expiresAt <= world.now()) says(client, 'has let its lease run out');
    }
  }
  for (let hour = 3; hour <= 7 * 24; hour += 1) {
    await world.run(START + hour * HOUR + random() * 30 * MINUTE);
    look();
  }

  expect(wrong).toEqual([]);
  expect(looked).toBeGreaterThan(30_000);
  const reasons = (license: string) =>
    clients
      .filter((client) => client.license === license)
      .flatMap(({ lost }) => lost.map(({ reason }) => reason))
      .sort();
  expect([...new Set(reasons('ample'))]).toEqual(['admin_released']);
  expect([...new Set(reasons('scarce'))]).toEqual(['admin_released', 'no_seats_available']);
  expect(reasons('prolonged')).toEqual([]);
  expect(reasons('cut')).toEqual(Array.from({ length: 20 }, () => 'offline_too_long'));
  for (const { license, lost } of clients) {
    for (const { at, validUntil } of license === 'cut' ? lost : []) {
      expect(at - validUntil).toBeGreaterThanOrEqual(0);
      expect(at - validUntil).toBeLessThanOrEqual(2_000);
    }
  }
  expect(clients.filter(({ license }) => license === 'ample').reduce((sum, { failed }) => sum + failed, 0)).toBe(0);

  // Everybody goes home, the last when its machine wakes: nothing is left.
  server.fault = undefined;
  fleet.close();
  await world.run(world.now() + LEASE + 13 * HOUR);
  await settle();
  expect([...server.sessions.values()].filter(({ expiresAt }) => expiresAt > world.now())).toEqual([]);
}, 240_000);
