import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import { type PortalSessionFields, portalSessionId, portalSessionPath } from '#shared/model/portal-session.ts';
import { paths } from '#shared/seats/paths.ts';
import { CommitError, type DocumentStore } from '#shared/store/store.ts';

/** Milliseconds in which a link is to be opened, and for which the page then works. */
const LINK_LIFETIME = 15 * 60_000;
const SESSION_LIFETIME = 60 * 60_000;

const TOKEN_BYTES = 32;
const LINK_TOKEN = /^cpl_[A-Za-z0-9_-]{43}$/;

/** `portal_links/{hash}`: a link that nobody has opened yet. */
const linkFields = z.object({ license_id: z.string(), tenant_id: z.string(), expires_at: z.number() });

export interface PortalOptions {
  readonly store: DocumentStore;
  readonly clock: Clock;
}

export interface OpenedPortal {
  readonly token: string;
  readonly expiresAt: number;
  readonly license: License;
}

/** One licence for whoever comes by a link. The link's token works once, so that one in a history or a log is void. */
export function createPortal({ store, clock }: PortalOptions) {
  async function findLicense(licenseId: string): Promise<License> {
    const [document] = isPlainId(licenseId) ? await store.get([paths.license(licenseId)]) : [];
    if (document === undefined) throw new Fault('license_not_found', 'The id was typed wrongly, or never issued.');
    return readLicense(document);
  }

  /** @throws Fault `license_not_found` */
  async function createLink(licenseId: string): Promise<{ readonly token: string; readonly expiresAt: number }> {
    const { id, tenant_id } = await findLicense(licenseId);
    const token = `cpl_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    const expiresAt = clock.now() + LINK_LIFETIME;
    const fields = { license_id: id, tenant_id, expires_at: expiresAt };
    await store.commit([{ op: 'create', path: linkPath(token), fields, deleteAfter: expiresAt }]);
    return { token, expiresAt };
  }

  /** @throws Fault `unauthenticated` for a link that is used, too old or none; `license_not_found` */
  async function open(linkToken: string): Promise<OpenedPortal> {
    const [document] = LINK_TOKEN.test(linkToken) ? await store.get([linkPath(linkToken)]) : [];
    const link = document && linkFields.parse(document.fields);
    if (document === undefined || link === undefined || clock.now() >= link.expires_at) throw spent();
    const license = await findLicense(link.license_id);
    const token = `cps_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    const expiresAt = clock.now() + SESSION_LIFETIME;
    const fields: PortalSessionFields = {
      license_id: link.license_id,
      tenant_id: link.tenant_id,
      expires_at: expiresAt,
    };
    const path = portalSessionPath(portalSessionId(token));
    try {
      await store.commit([
        { op: 'delete', path: document.path, precondition: { lastUpdateTime: document.updateTime } },
        { op: 'create', path, fields, deleteAfter: expiresAt },
      ]);
    } catch (error) {
      if (!(error instanceof CommitError)) throw error;
      // The answer may have been lost: then the session is there, and nobody else has its token.
      const [made] = await store.get([path]);
      if (made === undefined) throw error.failure === 'unknown' ? unavailable(error) : spent();
    }
    return { token, expiresAt, license };
  }

  return { createLink, open };
}

const linkPath = (token: string): string => `portal_links/${createHash('sha256').update(token).digest('hex')}`;

const spent = () => new Fault('unauthenticated', 'The link was used already, or is too old: open a new one.');

const unavailable = (cause: unknown) =>
  new Fault('dependency_unavailable', 'The document store does not answer right now.', { cause });
