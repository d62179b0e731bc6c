import type { LicenseKey } from '#shared/license-format/license-key.ts';
import type { Clock } from '#shared/model/clock.ts';
import { readLicense } from '#shared/model/license.ts';
import type { Logger } from '#shared/model/logger.ts';
import { borrowedUntil, readSession } from '#shared/model/session.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';
import { readEnded, sessionEnded, sessionNotFound } from './ended-session.ts';
import type { SignedLicense, SignLicense } from './sign-license.ts';

export interface IssueFileOptions {
  readonly store: Pick<DocumentReader, 'get'>;
  readonly clock: Clock;
  readonly sign: SignLicense;
}

export interface FileOfSession {
  readonly licenseId: string;
  /** Of a borrowed session. */
  readonly handle: string;
  readonly hardwareId: string;
  readonly log: Logger;
}

export interface IssuedFile {
  /** Milliseconds since the epoch; the end of the file. */
  readonly borrowedUntil: number;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly signed: SignedLicense;
}

export type IssueFile = (file: FileOfSession) => Promise<IssuedFile>;

/**
 * Signs the licence file of a seat that an administrator has borrowed, by what the store says of the session now: a
 * repeated request gets a file only while the seat is the machine's, however long ago it was first answered.
 * @throws Fault, from the returned function: `session_not_found`, `session_ended`, `signing_unavailable`, `rate_limited`
 */
export function createIssueFile({ store, clock, sign }: IssueFileOptions): IssueFile {
  return async ({ licenseId, handle, hardwareId, log }) => {
    const [licenseDocument, sessionDocument] = await store.get([paths.license(licenseId), paths.session(handle)]);
    if (licenseDocument === undefined || sessionDocument === undefined) {
      const ended = await readEnded(store, handle);
      throw ended === undefined ? sessionNotFound() : sessionEnded(ended);
    }
    const license = readLicense(licenseDocument);
    const session = readSession(sessionDocument);
    const until = borrowedUntil(session, clock.now());
    if (until === undefined) throw sessionEnded({ reason: 'expired' });
    const { expires_at: expiresAt, copy_until: copyUntil, user_email } = session;
    const lease = { license, sessionId: '', seatsUsed: 0, expiresAt, copyUntil, borrowed: { until } };
    const subject = {
      key: noKey(licenseId),
      handle,
      hardwareId,
      client: { user_email },
      tokenFormat: 'file',
      log,
    } as const;
    return { borrowedUntil: until, expiresAt, signed: await sign(lease, subject) };
  };
}

/** The machine has none: the file names its session in place of a key. */
const noKey = (licenseId: string): LicenseKey => ({ licenseId, text: '' });
