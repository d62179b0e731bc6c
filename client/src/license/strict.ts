import { numberOf } from '../json.ts';
import type { ValidLicense } from './result.ts';

/** Whether the seat is this machine's until the copy ends, with or without the server. */
export const isBorrowed = ({ claims }: Pick<ValidLicense, 'claims'>): boolean => claims['mode'] === 'borrowed';

/**
 * Whether a copy may serve a start without the server: one with offline time, or a borrowed one. The signed claims say
 * so, whatever is found in a storage; a copy that does not say so is strict.
 */
export const worksOffline = ({ claims }: Pick<ValidLicense, 'claims'>): boolean =>
  isBorrowed({ claims }) || (numberOf(claims['offline_seconds']) ?? 0) > 0;
