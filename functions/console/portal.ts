import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { type Actor, actorOf, type Caller } from '#shared/audit/actor.ts';
import type { CommitAudited } from '#shared/audit/commit-audited.ts';
import type { Once } from '#shared/idempotency/once.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import { type PortalSessionFields, portalSessionId, portalSessionPath } from '#shared/model/portal-session.ts';
import { paths } from '#shared/seats/paths.ts';
import type { Document, DocumentReader } from '#shared/store/store.ts';

/** Milliseconds in which a link is to be opened, and for which the page then works. */
const LINK_LIFETIME = 15 * 60_000;
const SESSION_LIFETIME = 60 * 60_000;

const TOKEN_BYTES = 32;
const LINK_TOKEN = /^cpl_[A-Za-z0-9_-]{43}$/;
/** Characters of a link's hash that its records show: by them, who opened a link is found from who made it. */
const LINK_ID = 16;

/** `portal_links/{hash}`: a link that nobody has opened yet. */
const linkFields = z.object({ license_id: z.string(), tenant_id: z.string(), expires_at: z.number() });

export interface PortalOptions {
  readonly store: Pick<DocumentReader, 'get'>;
  readonly clock: Clock;
  readonly commitAudited: CommitAudited;
}

export interface PortalLink {
  readonly token: string;
  readonly expiresAt: number;
}

export interface OpenedPortal {
  readonly token: string;
  readonly expiresAt: number;
  readonly license: License;
}

/** One licence for whoever comes by a link. The link's token works once, so that one in a history or a log is void. */
export function createPortal({ store, clock, commitAudited }: PortalOptions) {
  async function findLicense(licenseId: string): Promise<License> {
    const [document] = isPlainId(licenseId) ? await store.get([paths.license(licenseId)]) : [];
    if (document === undefined) throw new Fault('license_not_found', 'The id was typed wrongly, or never issued.');
    return readLicense(document);
  }

  /** @throws Fault `license_not_found` */
  async function createLink(licenseId: string, actor: Actor, once: Once<PortalLink> | undefined): Promise<PortalLink> {
    const token = `cpl_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    const expiresAt = clock.now() + LINK_LIFETIME;
    const prepare = async () => {
      const { id, tenant_id } = await findLicense(licenseId);
      const fields = { license_id: id, tenant_id, expires_at: expiresAt };
      return {
        event: {
          action: 'portal.create_link',
          tenantId: tenant_id,
          licenseId: id,
          details: { link: hashOf(token).slice(0, LINK_ID) },
        },
        writes: [{ op: 'create' as const, path: linkPath(token), fields, deleteAfter: expiresAt }],
        result: { token, expiresAt },
      };
    };
    return commitAudited(actor, prepare, once);
  }

  /** The link that a token opens. @throws Fault `unauthenticated` for one that is used, too old or none */
  async function findLink(linkToken: string): Promise<{ readonly document: Document } & z.output<typeof linkFields>> {
    const [document] = LINK_TOKEN.test(linkToken) ? await store.get([linkPath(linkToken)]) : [];
    const link = document && linkFields.parse(document.fields);
    if (document === undefined || link === undefined || clock.now() >= link.expires_at) {
      throw new Fault('unauthenticated', 'The link was used already, or is too old: open a new one.');
    }
    return { document, ...link };
  }

  /** @throws Fault `unauthenticated`, `license_not_found` */
  async function open(linkToken: string, caller: Omit<Caller, 'principal'>): Promise<OpenedPortal> {
    const token = `cps_${randomBytes(TOKEN_BYTES).toString('base64url')}`;
    const expiresAt = clock.now() + SESSION_LIFETIME;
    const sessionId = portalSessionId(token);
    const { license_id: licenseId, tenant_id: tenantId } = await findLink(linkToken);
    const principal = { kind: 'portal', sessionId, licenseId, tenantId } as const;
    return commitAudited(actorOf({ ...caller, principal }), async () => {
      const { document } = await findLink(linkToken);
      const license = await findLicense(licenseId);
      const fields: PortalSessionFields = { license_id: licenseId, tenant_id: tenantId, expires_at: expiresAt };
      return {
        event: {
          action: 'portal.open',
          tenantId,
          licenseId,
          details: { link: hashOf(linkToken).slice(0, LINK_ID) },
        },
        writes: [
          { op: 'delete', path: document.path, precondition: { lastUpdateTime: document.updateTime } },
          { op: 'create', path: portalSessionPath(sessionId), fields, deleteAfter: expiresAt },
        ],
        result: { token, expiresAt, license },
      };
    });
  }

  return { createLink, open };
}

const hashOf = (token: string): string => createHash('sha256').update(token).digest('hex');

const linkPath = (token: string): string => `portal_links/${hashOf(token)}`;
