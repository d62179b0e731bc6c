import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { normalEmail } from '#shared/model/email.ts';
import { Fault } from '#shared/model/errors.ts';

/** `inv_` and 128 bits of SHA-256 over tenant and email: one invitation for an address, a later one replaces it. */
export const invitationIdOf = (tenantId: string, email: string): string =>
  `inv_${sha256(JSON.stringify([tenantId, normalEmail(email)])).slice(0, 32)}`;

/** The id, a dot, and 256 random bits in base64url. Only a hash of the secret part is stored. */
export function newInvitationToken(id: string): { readonly token: string; readonly hash: string } {
  const secret = randomBytes(32).toString('base64url');
  return { token: `${id}.${secret}`, hash: sha256(secret) };
}

const TOKEN = /^(?<id>inv_[0-9a-f]{32})\.(?<secret>[A-Za-z0-9_-]{43})$/;

/** @throws Fault `not_found` for a text that is no token */
export function parseInvitationToken(text: string): { readonly id: string; readonly hash: string } {
  const { id, secret } = TOKEN.exec(text.trim())?.groups ?? {};
  if (id === undefined || secret === undefined) throw invitationNotFound();
  return { id, hash: sha256(secret) };
}

export const isSameHash = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));

export const invitationNotFound = () =>
  new Fault('not_found', 'There is no such invitation: it was withdrawn, has ended, or never was.');

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
