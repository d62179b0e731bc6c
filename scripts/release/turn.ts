import * as z from 'zod';
import type { TextObjects } from './bucket.ts';

/** What served before a release, so that whoever finds it half done can go back. */
const before = z.object({
  services: z.record(z.string(), z.record(z.string(), z.number())),
  job: z.object({ name: z.string(), image: z.string() }).optional(),
});
export type Before = z.output<typeof before>;

const held = z.object({ release: z.string(), until: z.number(), before });
type Held = z.output<typeof held>;

/** Another release has taken over and goes back for us: nothing of ours may follow. */
export class TurnLost extends Error {
  constructor() {
    super('another release has taken the turn, since this one did not renew it in time');
    this.name = 'TurnLost';
  }
}

export interface Turn {
  /** What a release that ended in the middle has left to be undone first. */
  readonly leftBehind: Before | undefined;
  /** Notes what to go back to. @throws TurnLost */
  note(before: Before): Promise<void>;
  /** Renews the turn when that is due; to be called before every change. @throws TurnLost */
  keep(): Promise<void>;
  end(): Promise<void>;
}

export interface TurnOptions {
  readonly objects: TextObjects;
  /** gs://…, the same for all releases. */
  readonly url: string;
  readonly release: string;
  /** Milliseconds. */
  readonly now: () => number;
  readonly pause: (seconds: number) => Promise<void>;
  readonly log: (line: string) => void;
  readonly waitSeconds: number;
}

/** Longer than the longest pause between two calls of keep(): one command, retried. Milliseconds. */
const LEASE = 10 * 60_000;
const RENEW_AFTER = 60_000;
const NOTHING: Before = { services: {} };

/**
 * One release at a time: an object in a bucket, made and renewed under its generation. A release that was killed stops
 * renewing; the next one takes over, and is told what to undo.
 *
 * @throws Error when the turn of another release lasts too long
 */
export async function takeTurn(options: TurnOptions): Promise<Turn> {
  const { objects, url, release, now, pause, log, waitSeconds } = options;
  const giveUp = now() + waitSeconds * 1000;
  let mine: Held = { release, until: now() + LEASE, before: NOTHING };
  let generation = '0';
  let leftBehind: Before | undefined;

  const read = async (): Promise<Held | undefined> => {
    const text = await objects.read(url);
    return text === undefined ? undefined : held.parse(JSON.parse(text));
  };

  /** @returns whether the object is ours now, also when the answer to the write was lost */
  async function write(next: Held): Promise<boolean> {
    const written = await objects.write(url, JSON.stringify(next), generation);
    if (!written && (await read())?.release !== release) return false;
    generation = await objects.generation(url);
    mine = next;
    return true;
  }

  for (;;) {
    generation = await objects.generation(url);
    const other = generation === '0' ? undefined : await read();
    if (other === undefined || other.release === release || other.until < now()) {
      leftBehind = other === undefined || Object.keys(other.before.services).length === 0 ? undefined : other.before;
      if (await write({ release, until: now() + LEASE, before: leftBehind ?? NOTHING })) break;
    } else {
      log(`release ${other.release} is under way: waiting for it`);
    }
    if (now() > giveUp)
      throw new Error(`release ${other?.release ?? 'of another build'} did not end in ${waitSeconds} s`);
    await pause(15);
  }

  async function renew(next: Held): Promise<void> {
    if (!(await write({ ...next, until: now() + LEASE }))) throw new TurnLost();
  }
  return {
    leftBehind,
    note: (noted) => renew({ ...mine, before: noted }),
    async keep() {
      if (mine.until - now() < LEASE - RENEW_AFTER) await renew(mine);
    },
    end: () => objects.remove(url, generation),
  };
}
