import type { Clock } from '#shared/model/clock.ts';
import { type License, readLicense } from '#shared/model/license.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';

/** Licences as an instance remembers them between heartbeats. Acquire never asks here: it always reads afresh. */
export interface LicenseMemory {
  /** At most a minute old. One read when it is not remembered. */
  recall(licenseId: string): Promise<License | undefined>;
  read(licenseId: string): Promise<License | undefined>;
  remember(license: License): void;
}

/** Milliseconds. */
const MAX_AGE = 60_000;
const MAX_LICENSES = 10_000;

export function createLicenseMemory(store: Pick<DocumentReader, 'get'>, clock: Clock): LicenseMemory {
  const known = new Map<string, { readonly license: License; readonly readAt: number }>();

  function remember(license: License): void {
    known.delete(license.id);
    known.set(license.id, { license, readAt: clock.now() });
    // A Map keeps the order of insertion: the first is the one unread for longest.
    const [oldest] = known.keys();
    if (known.size > MAX_LICENSES && oldest !== undefined) known.delete(oldest);
  }

  async function read(licenseId: string): Promise<License | undefined> {
    const [document] = await store.get([paths.license(licenseId)]);
    if (document === undefined) return undefined;
    const license = readLicense(document);
    remember(license);
    return license;
  }

  return {
    remember,
    read,
    async recall(licenseId) {
      const entry = known.get(licenseId);
      return entry !== undefined && clock.now() < entry.readAt + MAX_AGE ? entry.license : read(licenseId);
    },
  };
}
