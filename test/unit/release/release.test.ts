import { describe, expect, test } from 'vitest';
import { createTextObjects } from '../../../scripts/release/bucket.ts';
import { createCloudRun } from '../../../scripts/release/cloud-run.ts';
import { CommandError, commandLine, persistent, type Run } from '../../../scripts/release/command.ts';
import { type Manifest, missing } from '../../../scripts/release/infrastructure.ts';
import { NotRolledBack, type ReleaseOptions, type ReleaseParts, release } from '../../../scripts/release/release.ts';
import { type FakeCloud, fakeCloud, gcloud } from '../../system/release/fake-gcloud.ts';

const SERVICES = ['admin', 'seats'];
const BUCKET = 'gs://releases';
const digest = (letter: string) => `r/x@sha256:${letter.repeat(64)}`;
const NEEDS = {
  'environment.json': { seats: { SIGNING_KEY: 'required' } },
  'indexes.json': { composite: [{ b: 1, a: 2 }] },
};

const build = (id: string, created: string, letter: string): Manifest => ({
  build: id,
  commit: 'c',
  created,
  images: { admin: digest(letter), seats: digest(letter), 'task-worker': digest(letter) },
  needs: NEEDS,
});
const NEW = build('bbbbbbbb-2', '2026-11-26T10:00:00Z', 'b');

interface Scene {
  readonly cloud: FakeCloud;
  readonly calls: string[];
  readonly smokes: string[];
  readonly log: string[];
  options(change?: Partial<ReleaseOptions>): ReleaseOptions;
  /** @param attempts of each command; 1 shows what one failure does, 3 is production's */
  parts(attempts?: number): ReleaseParts;
  /** Called before each command; what it throws is the command's failure. */
  before: (line: string, count: number) => void;
  /** Called after each command has had its effect: a failure here is an answer that was lost. */
  after: (line: string, count: number) => void;
  smoke: (url: string) => Promise<void>;
  time: number;
}

function scene(): Scene {
  const cloud = fakeCloud(SERVICES);
  cloud.objects[`${BUCKET}/state/infrastructure.json`] = { text: JSON.stringify(NEEDS), generation: 1 };
  const stage: Scene = {
    cloud,
    calls: [],
    smokes: [],
    log: [],
    before: () => undefined,
    after: () => undefined,
    smoke: async () => undefined,
    time: Date.parse('2026-11-26T12:00:00Z'),
    options: (change) => ({
      manifest: NEW,
      bucket: BUCKET,
      job: 'task-worker',
      allowOlder: false,
      candidateUrl: 'https://candidate.example.com',
      url: 'https://licensing.example.com',
      settleSeconds: 60,
      waitSeconds: 1800,
      ...change,
    }),
    parts(attempts = 1) {
      const pause = async (seconds: number) => {
        stage.time += seconds * 1000;
      };
      const run: Run = async (program, args, { input } = {}) => {
        const line = commandLine(program, args);
        stage.calls.push(line);
        const count = stage.calls.length;
        stage.before(line, count);
        const { status, stdout, stderr } = gcloud(cloud, args, input);
        stage.after(line, count);
        if (status !== 0) throw new CommandError(line, stderr);
        return stdout;
      };
      const part = () => ({
        cloudRun: createCloudRun(persistent(run, pause, attempts), 'p', 'r'),
        objects: createTextObjects(persistent(run, pause, attempts)),
      });
      const smoke = async (url: string) => {
        stage.smokes.push(url);
        await stage.smoke(url);
      };
      return {
        ...part(),
        unstoppable: part(),
        smoke,
        now: () => stage.time,
        pause,
        log: (line) => stage.log.push(line),
      };
    },
  };
  return stage;
}

/** Whether all of the traffic and the job are of one image. */
function serving({ services, jobs }: FakeCloud): string[] {
  const images = Object.values(services).flatMap(({ traffic, revisions }) =>
    Object.entries(traffic).map(([revision, percent]) => `${revisions[revision]} ${percent}`),
  );
  return [...new Set([...images, `${jobs['task-worker']} job`])].sort();
}
const OLD = ['r/old 100', 'r/worker-old job'];
const RELEASED = [`${digest('b')} 100`, `${digest('b')} job`];

describe('a release', () => {
  test('tests what has no traffic, moves it in steps with a test after each, the job last', async () => {
    const stage = scene();
    const shares: unknown[] = [];
    stage.smoke = async () => void shares.push(stage.cloud.services['seats']?.traffic);
    expect(await release(stage.options(), stage.parts())).toBe('released');
    expect(stage.smokes).toEqual(['https://candidate.example.com', ...Array(3).fill('https://licensing.example.com')]);
    expect(shares).toEqual([
      { 'seats-00001-old': 100 },
      { 'seats-00001-old': 90, 'seats-00002-new': 10 },
      { 'seats-00001-old': 50, 'seats-00002-new': 50 },
      { 'seats-00002-new': 100 },
    ]);
    expect(serving(stage.cloud)).toEqual(RELEASED);
    expect(stage.cloud.services['seats']).toMatchObject({
      latest: true,
      tags: { 'release-bbbbbbbb': 'seats-00002-new' },
    });
    expect(stage.cloud.objects[`${BUCKET}/state/turn.json`]).toBeUndefined();
    expect(JSON.parse(stage.cloud.objects[`${BUCKET}/state/released.json`]?.text ?? '')).toMatchObject({
      build: NEW.build,
    });
  });

  test('leaves a worker of the operator’s own alone', async () => {
    const stage = scene();
    await release(stage.options({ job: undefined }), stage.parts());
    expect(stage.calls.filter((line) => line.includes('run jobs'))).toEqual([]);
  });

  test('of some services moves those alone', async () => {
    const stage = scene();
    await release(stage.options({ only: ['admin'], url: undefined, candidateUrl: undefined }), stage.parts());
    expect(stage.cloud.services['seats']?.traffic).toEqual({ 'seats-00001-old': 100 });
    expect(stage.cloud.services['admin']?.traffic).toEqual({ 'admin-00002-new': 100 });
    expect(stage.cloud.jobs['task-worker']).toBe('r/worker-old');
    expect(stage.smokes).toEqual([]);
  });

  test('takes away the tags of older releases', async () => {
    const stage = scene();
    const service = stage.cloud.services['seats'];
    if (service !== undefined)
      service.tags = { 'release-aaaaaaaa': 'seats-00001-old', candidate: 'seats-00001-old', own: 'seats-00001-old' };
    await release(stage.options(), stage.parts());
    expect(Object.keys(stage.cloud.services['seats']?.tags ?? {}).sort()).toEqual([
      'candidate',
      'own',
      'release-bbbbbbbb',
    ]);
  });
});

describe('every call of gcloud that can fail', async () => {
  const stage = scene();
  await release(stage.options(), stage.parts());
  const cases = stage.calls.map((line, index) => [index + 1, line] as const);

  test('are these many', () => expect(cases.length).toBeGreaterThan(35));

  test.each(cases)('%i once: is repeated, and the release goes through (%s)', async (count) => {
    const once = scene();
    let failed = 0;
    once.before = (line, at) => {
      if (at !== count) return;
      failed += 1;
      throw new CommandError(line, 'ERROR: 503 service unavailable');
    };
    expect(await release(once.options(), once.parts(3))).toBe('released');
    expect(failed).toBe(1);
    expect(serving(once.cloud)).toEqual(RELEASED);
  });

  test.each(cases)('%i with the answer lost: is repeated, and does no harm (%s)', async (count) => {
    const lost = scene();
    lost.after = (line, at) => {
      if (at === count) throw new CommandError(line, 'ERROR: connection reset');
    };
    expect(await release(lost.options(), lost.parts(3))).toBe('released');
    expect(serving(lost.cloud)).toEqual(RELEASED);
    expect(lost.cloud.objects[`${BUCKET}/state/turn.json`]).toBeUndefined();
  });

  test.each(cases)(
    '%i always, until it is asked to go back: everything is where it was, or says what is not (%s)',
    async (_, line) => {
      const always = scene();
      let goingBack = false;
      always.before = (asked) => {
        goingBack ||= always.log.some((text) => text.startsWith('failed'));
        if (asked === line && !goingBack) throw new CommandError(asked, 'ERROR: permission denied');
      };
      const outcome = await release(always.options(), always.parts(3)).catch((error: Error) => error);
      if (outcome === 'released') expect(serving(always.cloud)).toEqual(RELEASED);
      else {
        expect(outcome).toBeInstanceOf(CommandError);
        expect(serving(always.cloud)).toEqual(OLD);
      }
    },
  );

  test.each(SERVICES)(
    'cannot put %s back: the others are back, and the command that mends it is said',
    async (name) => {
      const stuck = scene();
      stuck.smoke = async (url) => {
        if (url.includes('licensing')) throw new Error('smoke test');
      };
      stuck.before = (line) => {
        if (line.includes(`update-traffic ${name} --to-revisions ${name}-00001-old=100`))
          throw new CommandError(line, 'ERROR: quota');
      };
      const error = await release(stuck.options(), stuck.parts(3)).catch((one: unknown) => one);
      expect(error).toBeInstanceOf(NotRolledBack);
      expect(String(error)).toContain(
        `gcloud run services update-traffic ${name} --to-revisions ${name}-00001-old=100`,
      );
      for (const other of SERVICES.filter((one) => one !== name)) {
        expect(stuck.cloud.services[other]?.traffic).toEqual({ [`${other}-00001-old`]: 100 });
      }
      expect(stuck.cloud.jobs['task-worker']).toBe('r/worker-old');
      // The turn stays, with what is to be undone, for the next release.
      expect(stuck.cloud.objects[`${BUCKET}/state/turn.json`]?.text).toContain(`${name}-00001-old`);
    },
  );
});

describe('a smoke test that fails', () => {
  test.each([0, 1, 2, 3])('after %i that went well: everything goes back, the job too', async (well) => {
    const stage = scene();
    stage.smoke = async () => {
      if (stage.smokes.length > well) throw new Error('sign: 503');
    };
    await expect(release(stage.options(), stage.parts(3))).rejects.toThrow('sign: 503');
    expect(serving(stage.cloud)).toEqual(OLD);
    expect(stage.cloud.objects[`${BUCKET}/state/turn.json`]).toBeUndefined();
  });

  test('puts back a split that somebody had made', async () => {
    const stage = scene();
    const split = { 'seats-00000-a': 30, 'seats-00001-old': 70 };
    const service = stage.cloud.services['seats'];
    if (service === undefined) throw new Error('no service');
    service.revisions = { 'seats-00000-a': 'r/old', ...service.revisions };
    service.traffic = split;
    stage.smoke = () => Promise.reject(new Error('no'));
    await expect(release(stage.options({ candidateUrl: undefined }), stage.parts())).rejects.toThrow('no');
    expect(stage.cloud.services['seats']?.traffic).toEqual(split);
  });
});

describe('one at a time, in order', () => {
  const turn = (until: number, before: unknown = { services: {} }) => ({
    text: JSON.stringify({ release: 'aaaaaaaa-1', until, before }),
    generation: 7,
  });

  test('waits for the release that is under way', async () => {
    const stage = scene();
    const started = stage.time;
    stage.cloud.objects[`${BUCKET}/state/turn.json`] = turn(started + 20 * 60_000);
    const end = started + 90_000;
    stage.before = () => {
      if (stage.time >= end) delete stage.cloud.objects[`${BUCKET}/state/turn.json`];
      stage.before = stage.time >= end ? () => undefined : stage.before;
    };
    expect(await release(stage.options(), stage.parts())).toBe('released');
    expect(stage.time).toBeGreaterThanOrEqual(end);
    expect(stage.log.filter((line) => line.includes('aaaaaaaa-1 is under way')).length).toBeGreaterThan(1);
  });

  test('gives up after a while, and changes nothing', async () => {
    const stage = scene();
    stage.cloud.objects[`${BUCKET}/state/turn.json`] = turn(Number.MAX_SAFE_INTEGER);
    await expect(release(stage.options(), stage.parts())).rejects.toThrow(/aaaaaaaa-1 did not end in 1800 s/);
    expect(serving(stage.cloud)).toEqual(OLD);
  });

  test('takes over from one that was killed, and first undoes what it left', async () => {
    const stage = scene();
    const seats = stage.cloud.services['seats'];
    if (seats === undefined) throw new Error('no service');
    seats.revisions['seats-00002-killed'] = 'r/bad';
    seats.traffic = { 'seats-00001-old': 50, 'seats-00002-killed': 50 };
    stage.cloud.jobs['task-worker'] = 'r/bad';
    const before = {
      services: { seats: { 'seats-00001-old': 100 } },
      job: { name: 'task-worker', image: 'r/worker-old' },
    };
    stage.cloud.objects[`${BUCKET}/state/turn.json`] = turn(stage.time - 1, before);
    stage.smoke = () => Promise.reject(new Error('this one fails, too'));
    await expect(release(stage.options(), stage.parts())).rejects.toThrow('this one fails, too');
    expect(serving(stage.cloud)).toEqual(OLD);
  });

  test('an older build does not replace a newer one, unless that is meant', async () => {
    const stage = scene();
    await release(stage.options(), stage.parts());
    const older = build('aaaaaaaa-1', '2026-11-26T09:00:00Z', 'a');
    expect(await release(stage.options({ manifest: older }), stage.parts())).toBe('superseded');
    expect(serving(stage.cloud)).toEqual(RELEASED);
    expect(stage.cloud.objects[`${BUCKET}/state/turn.json`]).toBeUndefined();
    expect(await release(stage.options({ manifest: older, allowOlder: true }), stage.parts())).toBe('released');
    expect(serving(stage.cloud)).toEqual([`${digest('a')} 100`, `${digest('a')} job`]);
  });

  test('one that lost its turn changes nothing more', async () => {
    const stage = scene();
    let changes = 0;
    stage.smoke = async () => {
      stage.cloud.objects[`${BUCKET}/state/turn.json`] = { ...turn(stage.time + 60_000), generation: 999 };
      changes = stage.calls.length;
    };
    await expect(release(stage.options(), stage.parts())).rejects.toThrow(/another release has taken the turn/);
    // It looks once whose turn it is; nothing else.
    expect(stage.calls.slice(changes).filter((line) => /update/.test(line))).toEqual([]);
  });
});

describe('code that needs new infrastructure', () => {
  test('waits until Terraform has applied it', async () => {
    const stage = scene();
    const needs = { ...NEEDS, 'rights.json': { upload_bucket: { seats: ['storage.objects.get'] } } };
    stage.before = () => {
      if (stage.time < Date.parse('2026-11-26T12:05:00Z')) return;
      stage.cloud.objects[`${BUCKET}/state/infrastructure.json`] = { text: JSON.stringify(needs), generation: 2 };
    };
    expect(await release(stage.options({ manifest: { ...NEW, needs } }), stage.parts())).toBe('released');
    expect(stage.log[0]).toContain('rights.json upload_bucket seats "storage.objects.get"');
  });

  test('does not wait for ever, and says what is missing', async () => {
    const stage = scene();
    delete stage.cloud.objects[`${BUCKET}/state/infrastructure.json`];
    await expect(release(stage.options(), stage.parts())).rejects.toThrow(
      /environment\.json seats SIGNING_KEY "required"/,
    );
    expect(stage.cloud.objects[`${BUCKET}/state/turn.json`]).toBeUndefined();
  });

  test.each<[unknown, unknown, string[]]>([
    [{ a: { b: 1 } }, { a: { b: 1, c: 2 }, d: 3 }, []],
    [{ a: { b: 1 } }, { a: { b: 2 } }, ['a b 1']],
    [{ a: [{ x: 1, y: 2 }] }, { a: [{ y: 2, x: 1 }, 5] }, []],
    [{ a: [1, 2] }, { a: [2] }, ['a 1']],
    [{ toString: 'x' }, {}, ['toString "x"']],
    [{ a: null }, {}, ['a null']],
  ])('%j of %j', (needed, applied, lacking) => expect(missing(needed, applied)).toEqual(lacking));
});
