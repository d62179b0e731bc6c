import { LRUCache } from 'lru-cache';
import { shareIdentical } from '#shared/concurrency/share-identical.ts';
import type { Clock } from '#shared/model/clock.ts';
import { awaitsStart, type License, readLicense } from '#shared/model/license.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader } from '#shared/store/store.ts';

/** Licences in the memory of one instance, for heartbeats. Acquire never reads from it, only adds to it. */
export interface LicenseCache {
  /** A licence as it was at most a minute ago. Costs a read when it is not cached. */
  get(licenseId: string): Promise<License | undefined>;
  /** The same without a read: undefined when it is not cached, or when there is none. */
  peek(licenseId: string): License | undefined;
  /** A licence as it is now; costs a read. */
  getFresh(licenseId: string): Promise<License | undefined>;
  put(license: License): void;
}

/** Milliseconds. */
const MAX_AGE = 60_000;
const MAX_BYTES = 16 * 1024 * 1024;
/** What a licence costs beside its features, and those for each character of their JSON. */
const LICENSE_BYTES = 2_000;
const BYTES_PER_CHARACTER = 3;
const NONE_BYTES = 200;

interface Entry {
  /** Undefined: there is none of this id, of which strangers may send any number of heartbeats. */
  readonly license: License | undefined;
  readonly readAt: number;
}

export function createLicenseCache(store: Pick<DocumentReader, 'get'>, clock: Clock): LicenseCache {
  const entries = new LRUCache<string, Entry>({ maxSize: MAX_BYTES });

  function keep(licenseId: string, license: License | undefined): void {
    const size =
      license === undefined
        ? NONE_BYTES
        : LICENSE_BYTES + BYTES_PER_CHARACTER * JSON.stringify(license.features).length;
    entries.set(licenseId, { license, readAt: clock.now() }, { size });
  }

  async function getFresh(licenseId: string): Promise<License | undefined> {
    const [document] = await store.get([paths.license(licenseId)]);
    const license = document && readLicense(document);
    keep(licenseId, license);
    return license;
  }
  /** Heartbeats that miss a licence at the same time share one read. */
  const getShared = shareIdentical(getFresh);

  /** An entry that may be used: a licence whose time has not begun yet may have an end by now. */
  function freshEntry(licenseId: string): Entry | undefined {
    const entry = entries.get(licenseId);
    if (entry === undefined || clock.now() >= entry.readAt + MAX_AGE) return undefined;
    return entry.license && awaitsStart(entry.license) ? undefined : entry;
  }

  return {
    put: (license) => keep(license.id, license),
    getFresh,
    peek: (licenseId) => freshEntry(licenseId)?.license,
    async get(licenseId) {
      const entry = freshEntry(licenseId);
      return entry === undefined ? getShared(licenseId) : entry.license;
    },
  };
}
