import type * as z from 'zod';
import { type BorrowSlot, readBorrowSlot } from '#shared/model/borrow-slot.ts';
import { type License, readLicense, seatTarget } from '#shared/model/license.ts';
import {
  type EndedSession,
  endedFields,
  holderFields,
  type SessionFields,
  sessionFields,
} from '#shared/model/session.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';

/** Everything that the store holds about one licence, while no operation runs. */
export interface View {
  readonly license: License;
  /** For each seat document, the handle of the session that holds it, or null when it is open. */
  readonly seats: ReadonlyMap<string, string | null>;
  /** For each machine, the handle of its session and the nonce from which the session id derives. */
  readonly holders: ReadonlyMap<string, z.output<typeof holderFields>>;
  readonly sessions: ReadonlyMap<string, SessionFields>;
  readonly ended: ReadonlyMap<string, EndedSession>;
  /** The borrow slots that are taken. */
  readonly borrows: readonly BorrowSlot[];
  /** Documents that do not match their schema, and seats that are neither open nor held. */
  readonly malformed: readonly string[];
}

const ALL = 10_000;

export async function readView(store: DocumentReader, licenseId: string): Promise<View> {
  const ofLicense = (collection: string) =>
    store.query({ collection, where: [['license_id', '==', licenseId]], limit: ALL });
  const all = (collection: string) => store.query({ collection, where: [], limit: ALL });
  const [[license], seats, holders, sessions, strays, ended, slots] = await Promise.all([
    store.get([paths.license(licenseId)]),
    all(paths.seats(licenseId)),
    all(`${paths.license(licenseId)}/holders`),
    ofLicense('sessions'),
    // A session that was revived without its fields names no licence.
    all('sessions'),
    ofLicense('ended_sessions'),
    all(paths.borrows(licenseId)),
  ]);
  if (license === undefined) throw new Error('the licence is gone');
  const malformed = [
    ...strays.filter(({ fields }) => !sessionFields.safeParse(fields).success).map(({ path }) => path),
    ...seats.filter(({ fields }) => (fields['open'] === null) === (fields['session'] === null)).map(({ path }) => path),
  ];
  return {
    license: readLicense(license),
    seats: new Map(seats.map(({ id, fields }) => [id, fields['session'] === null ? null : String(fields['session'])])),
    holders: new Map(holders.map(({ id, fields }) => [id, holderFields.parse(fields)])),
    sessions: new Map(
      sessions.flatMap(({ id, fields }) => {
        const { success, data } = sessionFields.safeParse(fields);
        return success ? [[id, data]] : [];
      }),
    ),
    ended: new Map(ended.map(({ id, fields }) => [id, endedFields.parse(fields)])),
    borrows: slots.map(readBorrowSlot),
    malformed,
  };
}

/** Checks the invariants of docs/seats.md that concern one state. @returns a line for each that is broken */
export function brokenInvariants({ license, seats, holders, sessions, ended, borrows, malformed }: View): string[] {
  const broken = malformed.map((path) => `I3: ${path} is malformed`);
  const open = [...seats.values()].filter((session) => session === null).length;
  if (sessions.size > license.seats) broken.push(`I1: ${sessions.size} sessions on ${license.seats} seats`);
  if (seats.size !== license.seats) broken.push(`I5: ${seats.size} seat documents, ${license.seats} counted`);
  if (open + sessions.size !== seats.size) broken.push(`I5: ${open} open, ${sessions.size} held of ${seats.size}`);
  if (!license.reconciling && license.seats !== seatTarget(license)) {
    broken.push(`I5: reconciled at ${license.seats} seats in place of ${seatTarget(license)}`);
  }
  const machines = new Set([...sessions.values()].map(({ holder }) => holder));
  if (machines.size !== sessions.size) broken.push(`I2: ${sessions.size} sessions of ${machines.size} machines`);
  for (const [seat, session] of seats) {
    if (session !== null && sessions.get(session)?.seat !== seat)
      broken.push(`I3: seat ${seat} names another's session`);
  }
  for (const [holder, { session }] of holders) {
    if (sessions.get(session)?.holder !== holder) broken.push(`I3: a holder names another's session`);
  }
  for (const [handle, { seat, holder }] of sessions) {
    if (seats.get(seat) !== handle) broken.push(`I3: a session is not on its seat ${seat}`);
    if (holders.get(holder)?.session !== handle) broken.push('I3: a session is not its holder’s');
    if (ended.has(handle)) broken.push('I4: an ended session is live');
  }
  for (const { number, session, orphan } of borrows) {
    const borrowed = sessions.get(session);
    if (orphan && borrowed !== undefined) broken.push(`I16: the orphan ${number} has a session`);
    if (!orphan && borrowed?.borrow_slot !== number) broken.push(`I16: slot ${number} names another's session`);
  }
  const named = new Set(borrows.filter(({ orphan }) => !orphan).map(({ session }) => session));
  for (const [handle, { borrow_slot }] of sessions) {
    if (borrow_slot !== null && !named.has(handle)) broken.push('I16: a borrowed session has no slot');
  }
  return broken;
}
