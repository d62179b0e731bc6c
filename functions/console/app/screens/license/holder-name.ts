import type { Session } from '../../api/types.ts';
import { T } from '../../texts.ts';

/** Whom to name in a sentence: the person, else the machine. */
export const nameOf = ({
  user_email,
  hostname,
  machine,
}: Pick<Session, 'user_email' | 'hostname' | 'machine'>): string =>
  user_email ?? hostname ?? `${T.holders.unknown} (${machine})`;
