import { createHash } from 'node:crypto';
import * as z from 'zod';
import type { Document } from '../store/store.ts';

/**
 * `portal_sessions/{hash}`: what the bearer of a token may see for a while, one licence. The document is read with each
 * request and its id is the token's SHA-256, so that who reads documents has no token.
 */
const portalSessionFields = z.object({
  license_id: z.string(),
  tenant_id: z.string(),
  /** Milliseconds since the epoch. */
  expires_at: z.number(),
});

export type PortalSessionFields = z.output<typeof portalSessionFields>;

/** Tells it from ID tokens, which have dots. */
export const PORTAL_TOKEN = /^cps_[A-Za-z0-9_-]{43}$/;

/** @returns the id of a token's document */
export const portalSessionId = (token: string): string => createHash('sha256').update(token).digest('hex');

export const portalSessionPath = (id: string): string => `portal_sessions/${id}`;

export const readPortalSession = ({ fields }: Document): PortalSessionFields => portalSessionFields.parse(fields);
