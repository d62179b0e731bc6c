import type { Clock } from '#shared/model/clock.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';

/** Licences in the memory of one instance, for heartbeats. Acquire never reads from it, only adds to it. */
export interface LicenseCache {
  /** A licence as it was at most a minute ago. Costs a read when it is not cached. */
  get(licenseId: string): Promise<License | undefined>;
  /** A licence as it is now; costs a read. */
  getFresh(licenseId: string): Promise<License | undefined>;
  put(license: License): void;
}

/** Milliseconds. */
const MAX_AGE = 60_000;
const MAX_LICENSES = 10_000;

export function createLicenseCache(store: Pick<DocumentReader, 'get'>, clock: Clock): LicenseCache {
  const entries = new Map<string, { readonly license: License; readonly readAt: number }>();

  function put(license: License): void {
    entries.delete(license.id);
    entries.set(license.id, { license, readAt: clock.now() });
    // A Map keeps the order of insertion: its first entry is the one that was put longest ago.
    const [oldest] = entries.keys();
    if (entries.size > MAX_LICENSES && oldest !== undefined) entries.delete(oldest);
  }

  async function getFresh(licenseId: string): Promise<License | undefined> {
    const [document] = await store.get([paths.license(licenseId)]);
    if (document === undefined) return undefined;
    const license = readLicense(document);
    put(license);
    return license;
  }

  return {
    put,
    getFresh,
    async get(licenseId) {
      const entry = entries.get(licenseId);
      return entry !== undefined && clock.now() < entry.readAt + MAX_AGE ? entry.license : getFresh(licenseId);
    },
  };
}
