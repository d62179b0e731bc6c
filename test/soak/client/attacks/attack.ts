import type * as Index from '../../../../client/src/index.ts';
import type * as Hold from '../../../../client/src/seat/hold.ts';
import type { Seat } from '../../../../client/src/seat/seat.ts';
import { createMachine } from '../../../unit/client/machine.ts';
import { createWorld, seeded, settle } from '../../../unit/client/world.ts';
import {
  checkSignature,
  createVendor,
  DAY,
  keys,
  listsAt,
  MINUTE,
  type Mode,
  OWN,
  type Signed,
  sign,
  type Terms,
} from './vendor.ts';

/** The client under attack: the real one, or one of whose defences one was removed. */
export interface Client {
  readonly index: typeof Index;
  readonly hold: typeof Hold;
}

/** What the attacker has done, and how long after the end of every copy that was granted the program still ran. */
export interface Violation {
  readonly seed: number;
  readonly mode: Mode;
  readonly powers: string;
  readonly minutesBeyond: number;
  readonly acts: readonly string[];
}

const HOUR = 60 * MINUTE;
const TERMS: Readonly<Record<Mode, Terms>> = {
  grace: { mode: 'grace', lease: 15 * MINUTE, window: 6 * HOUR },
  borrowed: { mode: 'borrowed', lease: 15 * MINUTE, window: 8 * HOUR },
  strict: { mode: 'strict', lease: 10 * MINUTE, window: 0 },
  file: { mode: 'file', lease: 0, window: 6 * HOUR },
};
const MODES: readonly Mode[] = ['grace', 'borrowed', 'strict', 'file'];
/** The one tolerance of clocks, and what a kill between two heartbeats gains: their interval but for two minutes. */
const SLACK = 8 * MINUTE;
const NOTED_EVERY = 2 * MINUTE;

/**
 * One random attack on one program, for about three times as long as a copy works. The attacker has the network and the
 * DNS, every answer of the last year, and the clock or the storage, against a strict licence both. The program is run,
 * killed, and put to sleep at will. Where the storage is not the attacker's, so that the program knows the newest list,
 * there are also a stolen signing key, which is revoked, and a stolen directory key, which is replaced; a stolen key is
 * also used with a list that ended, where the clock is not the attacker's.
 * @returns undefined when the program never ran beyond what the vendor's log grants (strict: a lease longer)
 */
export async function attack(client: Client, seed: number): Promise<Violation | undefined> {
  const random = seeded(seed);
  const below = (n: number) => Math.floor(n * random());
  const pick = <T>(list: readonly T[]): T => {
    const found = list[below(list.length)];
    if (found === undefined) throw new Error('nothing to pick from');
    return found;
  };
  const mode = pick(MODES);
  const terms = TERMS[mode];
  const hasClock = mode === 'strict' || random() < 0.5;
  const hasStorage = mode === 'strict' || !hasClock;
  const world = createWorld();
  const begun = world.now();
  const horizon = begun + 3 * Math.max(terms.window, 6 * terms.lease);
  const vendor = createVendor(world.now, terms);
  const lists = listsAt(begun);
  const acts: string[] = [];

  // What a year of listening has brought.
  const long = begun + 300 * DAY;
  const past = Array.from({ length: 3 }, () => begun - (2 + 360 * random()) * DAY);
  const offline = { offline_seconds: 86_400 };
  const { signature: _, ...unsigned } = vendor.copy({ hardware_id: 'other', ...offline }, begun, long);
  const forged = (key: (typeof keys)[keyof typeof keys], changes: Signed = {}) =>
    sign({ ...unsigned, hardware_id: OWN.hardware, key_version: key.keyVersion, ...changes }, key);
  const recorded: Signed[] = [
    ...past.map((at) => vendor.copy({ nonce: 'recorded-long-ago' }, at)),
    vendor.copy({ hardware_id: 'other', ...offline }, begun, long),
    vendor.copy({ product: 'viewer', ...offline }, begun, long),
    vendor.copy({ kind: 'document', ...offline }, begun, long),
    { ...unsigned, hardware_id: OWN.hardware },
    { ...vendor.copy({ nonce: 'recorded-long-ago', ...offline }, past[0]), valid_until: new Date(long).toISOString() },
  ];
  const knowsList = !hasStorage;
  const forgeable = knowsList ? [keys.stolen, keys.own] : [keys.own];
  const served = ['honest', 'ended', 'ownList', 'ownDirectory'] as const;
  const servable = knowsList ? ([...served, 'before', 'stolenDirectory'] as const) : served;

  // The storage: what the program writes, what it wrote at some time, and what the attacker puts there.
  const texts = new Map<string, string>();
  if (knowsList) texts.set('signed-keys', JSON.stringify({ document: lists.honest, endorsements: [] }));
  // A program that lives from a file was installed with it, by a clock that was right.
  if (mode === 'file') texts.set('file-time', String(begun));
  const snapshots: Map<string, string>[] = [];
  const names = new Set<string>();
  const storage = {
    get: async (name: string) => texts.get(name),
    set: async (name: string, text: string) => {
      names.add(name);
      texts.set(name, text);
      if (hasStorage && random() < 0.2) snapshots.push(new Map(texts));
    },
    delete: async (name: string) => void texts.delete(name),
  };

  // The network.
  let route: 'pass' | 'refuse' | 'replay' | 'forge' = 'pass';
  let listed: keyof typeof lists = 'honest';
  const isoAt = (at: number) => new Date(at).toISOString();
  function answer(path: string, body: Signed) {
    if (path.endsWith('countersign-keys.json'))
      return { status: 200, body: route === 'pass' ? lists.honest : lists[listed] };
    if (route === 'pass') {
      const reply = vendor.handle(path, body);
      if ('license_data' in reply.body && reply.body.license_data) recorded.push(reply.body.license_data);
      return reply;
    }
    const refresh: unknown = body['refresh'];
    const nonce =
      body['nonce'] ?? (typeof refresh === 'object' && refresh !== null && 'nonce' in refresh ? refresh.nonce : 'x');
    const signedNow = {
      nonce,
      signed_at: isoAt(world.now()),
      valid_until: isoAt(world.now() + 100 * DAY),
      keys_sequence: 1,
    };
    const license = route === 'replay' || random() < 0.3 ? pick(recorded) : forged(pick(forgeable), signedNow);
    const withNonce = random() < 0.3 ? { ...license, nonce } : license;
    const far = isoAt(world.now() + 50 * DAY);
    return {
      status: 200,
      body: {
        session_id: 's',
        expires_at: far,
        heartbeat_interval_seconds: 600,
        seats_used: 1,
        seats_total: 1,
        license_data: withNonce,
      },
    };
  }
  const server = { handle: answer, sessions: new Map(), used: () => 0, fault: undefined, rotate() {}, end() {} };
  const machine = createMachine({ world, server, random, name: OWN.hardware });
  const platform = { ...machine.platform, checkSignature, sinceBoot: world.now };

  // The program.
  let seat: Seat | undefined;
  let run = 0;
  let isFileGood = false;
  const { index, hold } = client;
  const pem = keys.root.pem;
  const running = () => isFileGood || (seat !== undefined && (seat.state === 'held' || seat.state === 'offline'));

  function start(): void {
    run += 1;
    const current = run;
    if (mode === 'file') {
      startWithFile(current);
      return;
    }
    const options = {
      url: 'http://vendor.example',
      licenseKey: 'KEY',
      product: OWN.product,
      keys: index.rootKey(pem),
      storage,
    };
    hold.holdSeatOn(platform, { ...options, patience: 0 }).then(
      (held) => {
        if (current === run) seat = held;
      },
      () => undefined,
    );
  }

  /** As docs tell a program that lives from a file: judge by a trusted clock, and note its time, ahead. */
  function startWithFile(current: number): void {
    const text = pick(files);
    const clock = index.createTrustedClock(platform);
    const source = index.rootKey(pem, { storage, checkSignature, now: () => clock.now(), url: undefined });
    const look = async () => {
      if (current !== run) return;
      clock.remember(Number(texts.get('file-time') ?? Number.NaN));
      const wanted = { clock, kind: 'seat', product: OWN.product, hardwareId: OWN.hardware, checkSignature } as const;
      const { valid } = await index.verifyLicense(text, source, wanted);
      if (current !== run) return;
      isFileGood = valid;
      if (!valid) return;
      await storage.set('file-time', String((clock.latest() ?? 0) + NOTED_EVERY));
      platform.setTimer(() => void look(), NOTED_EVERY, false);
    };
    void look();
  }
  const files = mode === 'file' ? filesOf() : [];
  function filesOf(): string[] {
    const own = vendor.copy({}, begun);
    const endless = vendor.copy({}, begun - 370 * DAY, begun + 500 * DAY);
    const good = [own, endless, ...recorded].map((license) => vendor.file(license, lists.honest));
    const before = forged(keys.stolen, { keys_sequence: 1 });
    return [
      ...good,
      vendor.file(before, lists.honest),
      vendor.file(forged(keys.own), lists.ownList),
      vendor.file(forged(keys.own), lists.ownDirectory),
    ];
  }

  function kill(): void {
    machine.crash();
    run += 1;
    seat = undefined;
    isFileGood = false;
  }

  let asleepUntil = 0;
  /** And for a minute after it, in which the program looks at the clock. */
  const isAsleep = () => world.now() < asleepUntil + MINUTE;
  const plantNames = () => [...names].filter((name) => name.startsWith('license-') && !name.endsWith('-time'));
  const moves: Record<string, () => void> = {
    start: () => {
      kill();
      start();
    },
    kill,
    release: () => void seat?.release(),
    sleep: () => {
      if (isAsleep()) return;
      asleepUntil = world.now() + random() * Math.max(terms.window, 2 * HOUR) + MINUTE;
      machine.sleepUntil(asleepUntil);
    },
    other: () => void vendor.other(),
    pass: () => {
      route = 'pass';
      machine.network = 'up';
    },
    refuse: () => {
      machine.network = 'refused';
    },
    intercept: () => {
      machine.network = 'up';
      route = pick(['replay', 'forge'] as const);
      listed = pick(servable);
    },
    clock: () => {
      if (!hasClock) return;
      const noted = [...texts].filter(([name]) => name.endsWith('time')).map(([, text]) => Number(text));
      const marks = [
        ...noted.map((at) => at - 4 * MINUTE),
        ...vendor.grants.map(({ from }) => from + MINUTE),
        world.now() - 3 * HOUR * random(),
      ];
      machine.clockOffset = pick(marks) - world.now();
    },
    restore: () => {
      if (!hasStorage || snapshots.length === 0) return;
      texts.clear();
      for (const [name, text] of pick(snapshots)) texts.set(name, text);
    },
    plant: () => {
      if (!hasStorage) return;
      const stolen = !hasClock && random() < 0.2;
      const license = stolen ? forged(keys.stolen, offline) : pick([...recorded, forged(keys.own, offline)]);
      for (const name of plantNames()) texts.set(name, JSON.stringify({ license }));
      if (random() < 0.5) for (const name of names) if (name.endsWith('time')) texts.delete(name);
      const document = lists[stolen ? 'ended' : pick(served)];
      if (stolen || random() < 0.3) texts.set('signed-keys', JSON.stringify({ document, endorsements: [] }));
    },
  };
  /** What an attacker does who has thought: one move prepares the next. */
  const plans: readonly (readonly string[])[] = [
    ['pass', 'start', 'wait', 'refuse', 'kill', 'clock', 'start', 'wait'],
    ['refuse', 'kill', 'clock', 'start', 'wait', 'clock', 'wait'],
    ['pass', 'start', 'wait', 'kill', 'refuse', 'plant', 'clock', 'start', 'wait'],
    ['intercept', 'start', 'wait'],
    ['pass', 'start', 'wait', 'intercept', 'wait', 'kill', 'start', 'wait'],
    ['pass', 'start', 'wait', 'release', 'wait', 'restore', 'refuse', 'clock', 'start', 'wait'],
    ['refuse', 'start', 'sleep', 'clock', 'wait', 'clock', 'wait'],
    ['pass', 'start', 'wait', 'refuse', 'sleep', 'awake', 'clock', 'wait'],
    Object.keys(moves),
  ];

  const every = mode === 'strict' ? MINUTE : 5 * MINUTE;
  let violation: Violation | undefined;
  const allowed = mode === 'strict' ? terms.lease + MINUTE : SLACK;
  /** How long the program has run since the last copy that was granted to it. */
  let lived = 0;
  let looked = begun;
  let granted = vendor.grants.length;
  function look(): void {
    if (vendor.grants.length !== granted) lived = 0;
    granted = vendor.grants.length;
    const now = world.now();
    const passed = now - looked;
    looked = now;
    if (violation !== undefined || !running() || isAsleep()) return;
    lived += passed;
    const isForged = seat !== undefined && seat.license.keyVersion !== keys.signer.keyVersion;
    const beyond = Math.min(
      ...vendor.grants.map(({ from, until }) => (from - SLACK <= now ? now - until : Number.POSITIVE_INFINITY)),
    );
    if (!isForged && beyond < allowed) return;
    // A clock that is set back while nothing runs shifts the hours of a copy and makes them no more.
    if (!isForged && mode !== 'strict' && hasClock && lived < terms.window + allowed) return;
    const powers = ['network', ...(hasClock ? ['clock'] : []), ...(hasStorage ? ['storage'] : [])].join('+');
    violation = { seed, mode, powers, minutesBeyond: Math.round(beyond / MINUTE), acts };
  }

  const pass = async (until: number) => {
    for (let at = world.now() + every; at < until && violation === undefined; at += every) {
      await world.run(at);
      look();
    }
    await world.run(until);
    look();
  };

  /** How long the attacker waits after a step. */
  function lengthOf(step: string): number {
    // A clock that is set before a program that slept looks at it.
    if (step === 'awake') return Math.max(0, asleepUntil - 1_000 - world.now());
    if (step !== 'wait') return (step === 'sleep' ? 1_000 : 2 * MINUTE) * random();
    return (0.05 + random()) * Math.max(terms.window, 2 * terms.lease) * 0.7;
  }

  while (world.now() < horizon && violation === undefined) {
    for (const step of pick(plans)) {
      const move = random() < 0.15 ? undefined : moves[step];
      move?.();
      acts.push(
        `${Math.round((world.now() - begun) / MINUTE)} ${step}${step === 'intercept' ? ` ${route} ${listed}` : ''}`,
      );
      await settle();
      await pass(world.now() + lengthOf(step));
      if (violation !== undefined || world.now() >= horizon) break;
    }
  }
  kill();
  return violation;
}
