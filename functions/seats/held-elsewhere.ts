import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';
import type { Session } from '#shared/model/session.ts';

/** The user's seat is on another machine, which is the user's own: its name is no secret to whoever asks. */
export const heldElsewhere = ({ hostname, last_heartbeat }: Pick<Session, 'hostname' | 'last_heartbeat'>): Fault =>
  new Fault('held_elsewhere', 'Another machine has the seat.', {
    extra: { hostname, last_heartbeat: formatTime(last_heartbeat) },
  });
