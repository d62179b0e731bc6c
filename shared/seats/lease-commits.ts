import type { Session } from '../model/session.ts';
import type { Fields, Write } from '../store/store.ts';
import { paths } from './paths.ts';
import { programField } from './programs.ts';

export interface Renewal {
  readonly now: number;
  readonly expiresAt: number;
  /** The end of the copy that is signed with it, if one is. */
  readonly copyUntil?: number | undefined;
  /** Programs of the machine that were heard of. */
  readonly programs?: Iterable<string>;
  /** The client details of a machine that acquires again. */
  readonly details?: Fields;
}

/**
 * Prolongs a lease. The update requires that the session exists; `maximum` never shortens what another heartbeat was
 * answered.
 */
export const renew = (handle: string, { now, expiresAt, copyUntil, programs = [], details = {} }: Renewal) => ({
  op: 'update' as const,
  path: paths.session(handle),
  fields: details,
  maximum: {
    last_heartbeat: now,
    expires_at: expiresAt,
    ...(copyUntil === undefined ? {} : { copy_until: copyUntil }),
    ...Object.fromEntries([...programs].map((program) => [programField(program), now])),
  },
});

/** What is known of a borrowed session, from its holder document. */
export interface Borrowed {
  readonly handle: string;
  readonly license_id: string;
  readonly holder: string;
  readonly borrow_slot: number;
}

/** Borrows a borrowed seat for longer, never shorter. Requires the session; holder and slot exist with it. */
export const extend = (
  { handle, license_id, holder, borrow_slot }: Borrowed,
  until: number,
  renewal: Renewal,
): Write[] => {
  const renewed = renew(handle, renewal);
  return [
    { ...renewed, maximum: { ...renewed.maximum, borrowed_until: until } },
    { op: 'update', path: paths.borrow(license_id, borrow_slot), fields: {}, maximum: { until } },
    { op: 'update', path: paths.holder(license_id, holder), fields: {}, maximum: { borrowed_until: until } },
  ];
};

/**
 * A program leaves a seat that another program of its machine goes on with. Requires that nothing changed since the
 * session was read: of two programs that leave at the same time, one must see that it is the last.
 */
export const leave = (session: Session, program: string): Write => ({
  op: 'update',
  path: paths.session(session.handle),
  fields: {},
  remove: [programField(program)],
  lastUpdateTime: session.updateTime,
});
