import { utf8 } from '../encoding.ts';
import { numberOf, parseObject } from '../json.ts';
import type { Storage } from '../storage/storage.ts';
import type { TrustedClock } from '../trusted-clock.ts';

/** The last licence of this machine, for starting without a network, and the latest time that was seen. */
export interface LicenseCache {
  /** @returns `license_data` or `license_token` as it came, not verified */
  load(): Promise<unknown>;
  save(license: unknown): Promise<void>;
  /** A seat that has been given back is not used offline. */
  forget(): Promise<void>;
}

/** A storage that fails costs the offline start and nothing else, so its failures are not raised. */
export function createCache(
  storage: Storage,
  licenseKey: string,
  hardwareId: string,
  clock: Pick<TrustedClock, 'latest' | 'remember'>,
): LicenseCache {
  const name = `license-${fingerprint(`${licenseKey}\n${hardwareId}`)}`;
  const timeName = `${name}-time`;
  const attempt = <T>(work: Promise<T>) => work.catch(() => undefined);
  return {
    async load() {
      const seen = Number((await attempt(storage.get(timeName))) ?? Number.NaN);
      if (numberOf(seen) !== undefined) clock.remember(seen);
      const text = await attempt(storage.get(name));
      return text === undefined ? undefined : parseObject(text)?.['license'];
    },
    async save(license) {
      await attempt(storage.set(name, JSON.stringify({ license })));
      const latest = clock.latest();
      if (latest !== undefined) await attempt(storage.set(timeName, String(Math.floor(latest))));
    },
    forget: async () => {
      await attempt(storage.delete(name));
    },
  };
}

/** FNV-1a, 32 bits: tells a machine's few licences apart, and says next to nothing of the key, which has no business in a file's name. */
function fingerprint(text: string): string {
  const hash = utf8(text).reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
