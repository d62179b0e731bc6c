import { createHmac, hash, randomBytes } from 'node:crypto';
import { isLicenseId, type LicenseKey } from '../license-format/license-key.ts';

/**
 * Session ids are bearer secrets: `{license_id}.{43 characters}`. Only their hash, the handle, is stored, listed and logged.
 * A machine that acquires again must get the same id, which is not stored, so the secret part is derived: HMAC-SHA-256 of
 * a random nonce, which only the store has, under the licence key, which only clients have. Neither alone is enough.
 */
export interface SessionName {
  readonly sessionId: string;
  readonly handle: string;
  readonly nonce: string;
}

/** A random nonce for one attempt to commit. A retry draws another one, or a late commit could revive an ended session. */
export const newSessionNonce = (): string => randomBytes(16).toString('base64url');

export const newSessionName = (key: LicenseKey): SessionName => deriveSessionName(key, newSessionNonce());

/** The name of a session whose id nobody has or can derive. */
export const newAnonymousName = (): Pick<SessionName, 'handle' | 'nonce'> => ({
  handle: randomBytes(32).toString('hex'),
  nonce: newSessionNonce(),
});

export function deriveSessionName(key: LicenseKey, nonce: string): SessionName {
  const secret = createHmac('sha256', key.text).update(`countersign/session/v1:${nonce}`).digest('base64url');
  const sessionId = `${key.licenseId}.${secret}`;
  return { sessionId, handle: handleOf(sessionId), nonce };
}

/** SHA-256 of a session id, hexadecimal. */
export const handleOf = (sessionId: string): string => sha256(sessionId);

export const isHandle = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

/** @returns the licence that a session id names, or undefined when it cannot be a session id */
export function licenseOfSession(sessionId: string): string | undefined {
  const dot = sessionId.indexOf('.');
  if (dot < 0 || !/^[A-Za-z0-9_-]{43}$/.test(sessionId.slice(dot + 1))) return undefined;
  const licenseId = sessionId.slice(0, dot);
  return isLicenseId(licenseId) ? licenseId : undefined;
}

/** The id of a machine in the store. It is bound to the licence, so that a machine cannot be tracked across licences. */
export const machineId = (licenseId: string, hardwareId: string): string => sha256(`${licenseId}:${hardwareId}`);

/** The id of a user of a licence. @param email as `normalEmail` gives it */
export const userId = (licenseId: string, email: string): string => sha256(`user:${licenseId}:${email}`);

/** The id of a process of a machine. @param machine as `machineId` gives it */
export const processHolderId = (machine: string, processId: string): string =>
  sha256(`process:${machine}:${processId}`);

const sha256 = (text: string): string => hash('sha256', text, 'hex');
