import { createHash } from 'node:crypto';
import type { Session } from '../model/session.ts';

/**
 * The programs of one machine share its seat: two windows, tabs or workers. Each sends a random id of its own, and the
 * session notes when each was last heard of, so that the first one to end does not end the seat for the others. Ids are
 * hashed into this many slots, which bounds the document; two that share a slot are taken for one, which costs the one
 * that goes on a new acquire.
 */
const SLOTS = 256;

const slotOf = (program: string): string => `p${createHash('sha256').update(program).digest().readUInt16BE() % SLOTS}`;

/** The field of a session that notes when a program was last heard of; raised by a `maximum`, so that no read is needed. */
export const programField = (program: string): string => `programs.${slotOf(program)}`;

/** The same for a session that is created. @param now milliseconds since the epoch */
export const firstProgram = (program: string | undefined, now: number): Readonly<Record<string, number>> =>
  program === undefined ? {} : { [slotOf(program)]: now };

const INTERVALS_PER_LEASE = 3;
/** A program that has missed one heartbeat may still be there; one that has missed two is taken for gone. */
const INTERVALS = 2;

/** Whether another program of the machine was heard of within two heartbeat intervals. */
export function isHeldByOthers(session: Session, program: string, now: number): boolean {
  const interval = (session.expires_at - session.last_heartbeat) / INTERVALS_PER_LEASE;
  return Object.entries(session.programs).some(
    ([slot, heard]) => slot !== slotOf(program) && heard >= now - INTERVALS * interval,
  );
}
