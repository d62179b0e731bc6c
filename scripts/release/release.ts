import * as z from 'zod';
import type { TextObjects } from './bucket.ts';
import type { CloudRun } from './cloud-run.ts';
import { type Manifest, missing } from './infrastructure.ts';
import { rollBack } from './rollback.ts';
import { type Before, type Turn, TurnLost, takeTurn } from './turn.ts';

export interface ReleaseOptions {
  readonly manifest: Manifest;
  /** gs://… of the releases' bucket. */
  readonly bucket: string;
  /** Services to release; those of the manifest when not given. */
  readonly only?: readonly string[] | undefined;
  /** The job that releases set the image of; undefined when its image is the operator's own. */
  readonly job: string | undefined;
  /** Takes traffic back to an older build on purpose. */
  readonly allowOlder: boolean;
  /** Where revisions without traffic are reached; undefined when there is no such host. */
  readonly candidateUrl: string | undefined;
  /** Where clients go; undefined where there is no record and no certificate yet. */
  readonly url: string | undefined;
  readonly settleSeconds: number;
  readonly waitSeconds: number;
}

export interface ReleaseParts {
  readonly cloudRun: CloudRun;
  readonly objects: TextObjects;
  /** The same without the signal that cancels: what goes back is not cancelled. */
  readonly unstoppable: { readonly cloudRun: CloudRun; readonly objects: TextObjects };
  readonly smoke: (url: string) => Promise<void>;
  readonly now: () => number;
  readonly pause: (seconds: number) => Promise<void>;
  readonly log: (line: string) => void;
}

/** `released`: it serves. `superseded`: a newer build serves already. */
export type Outcome = 'released' | 'superseded';

/** It failed, and not everything could be put back; the lines say by which command it can. */
export class NotRolledBack extends Error {
  constructor(lines: readonly string[], cause: unknown) {
    super(`NOT rolled back, by hand:\n${lines.map((line) => `  ${line}`).join('\n')}`, { cause });
    this.name = 'NotRolledBack';
  }
}

const WORKER = 'task-worker';
const STEPS = [10, 50, 100];
const released = z.object({ build: z.string(), created: z.iso.datetime() });

/**
 * Moves the traffic to what a build made: waits for its infrastructure and its turn, makes revisions without traffic,
 * tests them, moves the traffic in steps with a test after each, the job last. Any failure puts everything back.
 *
 * @throws NotRolledBack, TurnLost, or what failed
 */
export async function release(options: ReleaseOptions, parts: ReleaseParts): Promise<Outcome> {
  await waitForInfrastructure(options, parts);
  const turn = await takeTurn({
    objects: parts.unstoppable.objects,
    url: `${options.bucket}/state/turn.json`,
    release: options.manifest.build,
    now: parts.now,
    pause: parts.pause,
    log: parts.log,
    waitSeconds: options.waitSeconds,
  });
  let before: Before | undefined = turn.leftBehind;
  try {
    if (turn.leftBehind !== undefined) {
      parts.log('the release before this one ended in the middle: first everything goes back to where it was');
      await goBack(turn.leftBehind, parts, undefined);
    }
    if (await isSuperseded(options, parts)) {
      await endTurn(turn, parts);
      return 'superseded';
    }
    before = await readBefore(options, parts);
    await turn.note(before);
    await createCandidates(options, parts, turn);
    if (options.candidateUrl !== undefined) await parts.smoke(options.candidateUrl);
    else parts.log('no candidate_domain: what has no traffic yet cannot be tested');
    await moveTraffic(options, parts, turn);
    await moveJob(options, parts, turn);
    await finish(options, parts, turn);
  } catch (error) {
    if (error instanceof TurnLost) throw error;
    if (before !== undefined) {
      parts.log(`failed: everything goes back to where it was (${error instanceof Error ? error.message : error})`);
      await goBack(before, parts, error);
    }
    await endTurn(turn, parts);
    throw error;
  }
  await endTurn(turn, parts);
  return 'released';
}

const services = ({ manifest, only }: ReleaseOptions) =>
  Object.keys(manifest.images)
    .filter((name) => name !== WORKER && (only === undefined || only.includes(name)))
    .sort();

/** Code waits for the variables, rights, indexes and routes that it needs: Terraform says last what it has applied. */
async function waitForInfrastructure(options: ReleaseOptions, { objects, now, pause, log }: ReleaseParts) {
  const giveUp = now() + options.waitSeconds * 1000;
  for (;;) {
    const text = await objects.read(`${options.bucket}/state/infrastructure.json`);
    const lacking = missing(options.manifest.needs, text === undefined ? {} : JSON.parse(text));
    if (lacking.length === 0) return;
    const list = lacking.slice(0, 10).join('\n  ');
    if (now() > giveUp) throw new Error(`Terraform has not applied what this code needs:\n  ${list}`);
    log(`waiting for Terraform, which has not applied ${lacking.length} of what this code needs:\n  ${list}`);
    await pause(30);
  }
}

async function isSuperseded({ manifest, bucket, allowOlder }: ReleaseOptions, { objects, log }: ReleaseParts) {
  const text = await objects.read(`${bucket}/state/released.json`);
  if (text === undefined || allowOlder) return false;
  const last = released.parse(JSON.parse(text));
  if (Date.parse(last.created) <= Date.parse(manifest.created)) return false;
  log(`build ${last.build} of ${last.created} serves already, and is newer: nothing was changed`);
  return true;
}

async function readBefore(options: ReleaseOptions, { cloudRun }: ReleaseParts): Promise<Before> {
  const traffic = await all(services(options), async (name) => [name, (await cloudRun.service(name)).traffic] as const);
  const job = options.job === undefined || options.only !== undefined ? undefined : options.job;
  return {
    services: Object.fromEntries(traffic),
    ...(job === undefined ? {} : { job: { name: job, image: await cloudRun.jobImage(job) } }),
  };
}

/** The tag is the release's own, so that what it moves is what it made, whoever made a revision meanwhile. */
const tagOf = (build: string): string => `release-${build.slice(0, 8)}`;

async function createCandidates(options: ReleaseOptions, { cloudRun, log }: ReleaseParts, turn: Turn): Promise<void> {
  const tag = tagOf(options.manifest.build);
  await turn.keep();
  await all(services(options), async (name) => {
    const image = options.manifest.images[name] ?? '';
    await cloudRun.createRevision(name, image, tag);
    const revision = (await cloudRun.service(name)).tags[tag];
    if (revision === undefined) throw new Error(`${name}: no revision has the tag ${tag}`);
    // The host for candidates leads to this tag.
    await cloudRun.moveTag(name, 'candidate', revision);
    log(`${name}: ${revision} is ${image}`);
  });
}

async function moveTraffic(options: ReleaseOptions, parts: ReleaseParts, turn: Turn): Promise<void> {
  const { cloudRun, smoke, pause, log } = parts;
  const tag = tagOf(options.manifest.build);
  for (const percent of STEPS) {
    await turn.keep();
    await all(services(options), async (name) => {
      const revision = (await cloudRun.service(name)).tags[tag];
      if (revision === undefined) throw new Error(`${name}: the tag ${tag} is gone`);
      await cloudRun.setTraffic(name, { [revision]: percent });
    });
    log(`${percent} % of the traffic`);
    if (options.url === undefined) continue;
    await pause(options.settleSeconds);
    await smoke(options.url);
  }
}

async function moveJob(options: ReleaseOptions, { cloudRun, log }: ReleaseParts, turn: Turn): Promise<void> {
  const image = options.manifest.images[WORKER];
  if (options.job === undefined || options.only !== undefined || image === undefined) return;
  await turn.keep();
  await cloudRun.setJobImage(options.job, image);
  log(`${options.job}: ${image}`);
}

async function finish(options: ReleaseOptions, { cloudRun, objects, log }: ReleaseParts, turn: Turn): Promise<void> {
  const { build, commit, created, images } = options.manifest;
  await turn.keep();
  await all(services(options), (name) => cloudRun.followLatest(name));
  if (options.only === undefined) {
    const url = `${options.bucket}/state/released.json`;
    const text = JSON.stringify({ build, commit, created, images });
    const written = await objects.write(url, text, await objects.generation(url));
    if (!written && (await objects.read(url)) !== text) throw new Error('state/released.json was changed meanwhile');
  }
  // A tag that stays costs nothing but its line in the list.
  await all(services(options), async (name) => {
    const old = Object.keys((await cloudRun.service(name)).tags).filter(
      (tag) => tag.startsWith('release-') && tag !== tagOf(build),
    );
    if (old.length > 0) await cloudRun.removeTags(name, old);
  }).catch((error: Error) => log(`older tags were left: ${error.message}`));
}

async function goBack(before: Before, { unstoppable, log }: ReleaseParts, cause: unknown): Promise<void> {
  const left = await rollBack(unstoppable.cloudRun, before, log);
  if (left.length > 0) throw new NotRolledBack(left, cause);
  log('everything is back where it was');
}

/** If it cannot be given back, it ends by itself. */
async function endTurn(turn: Turn, { log }: ReleaseParts): Promise<void> {
  await turn
    .end()
    .catch((error: Error) => log(`the turn was not given back, and ends in ten minutes: ${error.message}`));
}

/** All at once, and all ended before a failure is told: nothing of ours may run on while everything goes back. */
async function all<T, R>(list: readonly T[], step: (one: T) => Promise<R>): Promise<R[]> {
  const results = await Promise.allSettled(list.map(step));
  const failed = results.find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
