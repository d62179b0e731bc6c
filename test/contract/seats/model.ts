import { hasEnded, type License } from '#shared/model/license.ts';
import { type EndReason, expiredBefore } from '#shared/model/session.ts';
import { deriveSessionName } from '#shared/model/session-id.ts';
import type { View } from './view.ts';
import type { Key } from './world.ts';

/** What one operation alone does to seats: the answer, the session that begins, and those that end. */
export interface Expected {
  /** The possible answers; more than one where an instance may have the licence in its cache from a minute ago. */
  readonly answers: readonly string[];
  /** The holders that have a new session afterwards. */
  readonly begins: readonly string[];
  /** How many of these sessions end, and for which reason. */
  readonly ends: readonly Ending[];
}

interface Ending {
  readonly reason: EndReason;
  readonly count: number;
  readonly among: readonly string[];
}

const nothing = (...answers: string[]): Expected => ({ answers, begins: [], ends: [] });

const lapsed = (view: View, now: number): string[] =>
  [...view.sessions].filter(([, session]) => session.expires_at <= expiredBefore(now)).map(([handle]) => handle);

const works = ({ until }: Key, now: number): boolean => until === null || until > now;

const refusal = ({ status, expires_at }: License, keyWorks: boolean, now: number): string | undefined => {
  if (!keyWorks) return 'license_not_found';
  if (hasEnded({ expires_at }, now)) return 'license_expired';
  return status === 'suspended' ? 'license_suspended' : undefined;
};

export interface Asking {
  readonly holder: string;
  readonly key: Key;
}

export function acquiring(view: View, { holder, key }: Asking, now: number): Expected {
  const refused = refusal(view.license, works(key, now), now);
  if (refused !== undefined) return nothing(refused);
  const held = view.holders.get(holder);
  if (held !== undefined) {
    if (deriveSessionName(key.key, held.nonce).handle === held.session) return nothing('same session');
    const answer = view.sessions.get(held.session)?.lingering ? 'new session' : 'moved';
    return { answers: [answer], begins: [holder], ends: [{ reason: 'reclaimed', count: 1, among: [held.session] }] };
  }
  if (view.sessions.size < view.seats.size) return { answers: ['new session'], begins: [holder], ends: [] };
  const among = lapsed(view, now);
  if (among.length === 0) return nothing('no_seats_available');
  return { answers: ['new session'], begins: [holder], ends: [{ reason: 'reclaimed', count: 1, among }] };
}

export function heartbeating(view: View, handle: string, now: number): Expected {
  const end = view.ended.get(handle);
  if (!hasEnded(view.license, now)) return nothing(end === undefined ? 'heartbeat' : `ended: ${end.reason}`);
  if (end !== undefined) return nothing(`ended: ${end.reason}`);
  return {
    answers: ['ended: license_expired', 'heartbeat'],
    begins: keeps(view, handle, now),
    ends: [{ reason: 'license_expired', count: 1, among: [handle] }],
  };
}

/** The holder whose seat is kept when its session ends, because a copy works on. */
function keeps({ sessions, license }: View, handle: string, now: number): string[] {
  const session = sessions.get(handle);
  const isKept = license.release === 'after_copy' && session !== undefined && session.copy_until > now;
  return isKept ? [session.holder] : [];
}

export function releasing(view: View, handle: string, now: number): Expected {
  const end = view.ended.get(handle);
  if (end !== undefined) return nothing(end.reason === 'released' ? 'released' : `ended: ${end.reason}`);
  const ends: Ending[] = [{ reason: 'released', count: 1, among: [handle] }];
  return { answers: ['released'], begins: keeps(view, handle, now), ends };
}

/**
 * @param endedKeys when the keys ended whose sessions end with them, by their ids: an instance whose clock is behind still
 * lends seats under such a key, and leaves its sessions to a later run, until it has ended there, too
 */
export function reaping(view: View, endedKeys: ReadonlyMap<string, number>, now: number): Expected {
  const expired = lapsed(view, now);
  const due = new Set([...endedKeys].filter(([, end]) => end <= now).map(([id]) => id));
  const ofKeys = sessionsOf(view, due).filter((handle) => !expired.includes(handle));
  const ends: Ending[] = [
    { reason: 'expired', count: expired.length, among: expired },
    { reason: 'key_ended', count: ofKeys.length, among: ofKeys },
  ];
  return { answers: ['reaped'], begins: [], ends };
}

/** A key that ends leaves its sessions alone, or ends them all. */
export function endingKey(view: View, keyId: string, endSessions: boolean): Expected {
  const among = endSessions ? sessionsOf(view, new Set([keyId])) : [];
  return { answers: ['key ended'], begins: [], ends: [{ reason: 'key_ended', count: among.length, among }] };
}

const sessionsOf = (view: View, keys: ReadonlySet<string>): string[] =>
  [...view.sessions].filter(([, { key }]) => keys.has(key)).map(([handle]) => handle);

/** Open seats go first, then those whose leases end soonest. */
export function changing(view: View, target: number, reason: EndReason): Expected {
  const count = Math.max(0, view.sessions.size - target);
  const ends = [...view.sessions.values()].map(({ expires_at }) => expires_at).sort((a, b) => a - b);
  const latest = ends[count - 1] ?? 0;
  const among = [...view.sessions].filter(([, { expires_at }]) => expires_at <= latest).map(([handle]) => handle);
  return { answers: ['changed'], begins: [], ends: [{ reason, count, among }] };
}

/** How many of these machines get a seat when they acquire at once; undefined unless all are eligible and without one. */
export function rushing(view: View, asking: readonly Asking[], now: number): number | undefined {
  const machines = new Set(asking.map(({ holder }) => holder));
  const strangers = machines.size === asking.length && asking.every(({ holder }) => !view.holders.has(holder));
  const welcome = asking.every(({ key }) => refusal(view.license, works(key, now), now) === undefined);
  if (!strangers || !welcome) return undefined;
  return Math.min(asking.length, view.seats.size - view.sessions.size + lapsed(view, now).length);
}

/** Compares the store after an operation with the model. @returns a line for each difference */
export function differences(expected: Expected, answer: string, before: View, after: View): string[] {
  const found: string[] = [];
  if (!expected.answers.includes(answer)) found.push(`model: ${expected.answers.join(' or ')} expected, not ${answer}`);
  const begun = [...after.sessions].filter(([handle]) => !before.sessions.has(handle)).map(([, { holder }]) => holder);
  const begins = answer === 'heartbeat' ? [] : expected.begins;
  if (begun.join() !== begins.join()) found.push(`model: ${begun.length} sessions begun, not ${begins.length}`);
  const ended = [...after.ended].filter(([handle]) => !before.ended.has(handle));
  const ends = answer === 'heartbeat' ? [] : expected.ends;
  for (const { reason, count, among } of ends) {
    const handles = ended.filter(([, end]) => end.reason === reason).map(([handle]) => handle);
    if (handles.length !== count) found.push(`model: ${handles.length} sessions ended as ${reason}, not ${count}`);
    if (!handles.every((handle) => among.includes(handle))) found.push(`model: the wrong session ended as ${reason}`);
  }
  const others = ended.filter(([, end]) => !ends.some(({ reason }) => reason === end.reason));
  found.push(...others.map(([, { reason }]) => `model: a session ended as ${reason}`));
  return found;
}
