import type { PresentedKey } from '#shared/imported-keys/resolve-key.ts';
import type { Clock } from '#shared/model/clock.ts';
import { Fault } from '#shared/model/errors.ts';
import { keyWorks, readKey } from '#shared/model/key-record.ts';
import { hasEnded, type License, readLicense } from '#shared/model/license.ts';
import { isPlainId } from '#shared/model/plain-id.ts';
import { paths } from '#shared/seats/paths.ts';
import type { Document, DocumentStore } from '#shared/store/store.ts';
import { type Page, type PageRequest, readMatching } from './page.ts';
import { adminQueries } from './queries.ts';
import type { ListScope, Scope } from './scope.ts';

export interface LicenseFilter {
  /** Undefined for every tenant in the caller's scope. */
  readonly tenantId?: string | undefined;
  /** The beginning of a label, reference or id, in any letter case. */
  readonly q?: string | undefined;
  readonly status?: License['status'] | undefined;
  readonly tier?: License['tier'] | undefined;
  readonly reference?: string | undefined;
  /** Milliseconds since the epoch; licences without an end do not match. */
  readonly expiresBefore?: number | undefined;
}

const beginsWith = ({ id, label, reference }: License, q: string): boolean =>
  [id, label, reference].some((text) => text?.toLowerCase().startsWith(q.toLowerCase()) === true);

export type FindLicenses = ReturnType<typeof createFindLicenses>;

/** Reads licences. One outside the caller's scope is reported as not found. */
export function createFindLicenses({ store, clock }: { readonly store: DocumentStore; readonly clock: Clock }) {
  /** @throws Fault `license_not_found` */
  async function get(scope: Scope, licenseId: string): Promise<License> {
    const [document] = isPlainId(licenseId) ? await store.get([paths.license(licenseId)]) : [];
    return within(scope, document);
  }

  function within(scope: Scope, document: Document | undefined): License {
    const license = document && readLicense(document);
    if (license === undefined || !scope.includes(license.tenant_id, license.id)) {
      throw new Fault('license_not_found', 'The id is unknown, or belongs to another tenant.');
    }
    return license;
  }

  /** Archived licences are left out unless the filter names their status. */
  async function list(scope: ListScope, filter: LicenseFilter, request: PageRequest): Promise<Page<License>> {
    const { tenantId, status, tier, reference, q, expiresBefore } = filter;
    const equal = { tenant_id: scope.listed(tenantId), archived: status === 'archived', status, tier, reference };
    const matches = (license: License) =>
      (q === undefined || beginsWith(license, q)) &&
      (expiresBefore === undefined || hasEnded(license, expiresBefore - 1));
    return readMatching(store, request, (range) => adminQueries.licenses(equal, range), { read: readLicense, matches });
  }

  /** The licence that a key opens. @throws Fault `license_not_found` */
  async function lookup(scope: Scope, { key, hash }: PresentedKey): Promise<License> {
    const { licenseId } = key;
    const [document, keyDocument] = await store.get([paths.license(licenseId), paths.key(licenseId, hash)]);
    const license = within(scope, document);
    if (!license.archived && keyDocument !== undefined && keyWorks(readKey(keyDocument), clock.now())) return license;
    throw keyNotFound();
  }

  return { get, list, lookup };
}

export const keyNotFound = () =>
  new Fault('license_not_found', 'The key was typed wrongly, replaced, or never issued.');
