import { normalizeLicenseKey } from '../../../shared/license-format/license-key.ts';
import { utf8 } from '../encoding.ts';
import { numberOf, parseObject } from '../json.ts';
import type { Storage } from '../storage/storage.ts';
import type { TrustedClock } from '../trusted-clock.ts';

/**
 * What is kept between runs: the last licence of this machine, for a start without the server, and the latest time that
 * was seen.
 */
export interface LicenseCache {
  load(): Promise<KeptState>;
  save(license: unknown): Promise<void>;
  /**
   * Keeps the time beside a licence that is kept, so that a later start cannot live the same hours again.
   * @param ahead milliseconds for which the program may run on before the next note: a kill gains nothing
   */
  noteTime(ahead: number): Promise<void>;
  forget(why: WhyNothing): Promise<void>;
}

/** Milliseconds between two notes of the time while a kept licence stands in for the server. */
export const TIME_NOTED_EVERY = 120_000;

/**
 * Why nothing is kept. `released`: the last run gave its seat back, which others may have by now. `strict`: its copies
 * end with the lease. `refused`: the server ended it.
 */
const WHY_NOTHING = ['released', 'strict', 'refused'] as const;
export type WhyNothing = (typeof WHY_NOTHING)[number];

export type KeptState =
  /** As it came, not verified. */
  | { readonly kind: 'license'; readonly license: unknown }
  | { readonly kind: 'nothing'; readonly why: WhyNothing | undefined };

/** @param storage one that does not fail (guarded.ts) */
export function createCache(
  storage: Storage,
  licenseKey: string,
  hardwareId: string,
  clock: Pick<TrustedClock, 'latest' | 'remember'>,
): LicenseCache {
  const name = `license-${fingerprint(`${normalizeLicenseKey(licenseKey)}\n${hardwareId}`)}`;
  const timeName = `${name}-time`;
  let isKept = false;

  async function noteTime(ahead: number): Promise<void> {
    const latest = isKept ? clock.latest() : undefined;
    if (latest !== undefined) await storage.set(timeName, String(Math.floor(latest + ahead)));
  }

  return {
    async load() {
      const seen = Number((await storage.get(timeName)) ?? Number.NaN);
      if (numberOf(seen) !== undefined) clock.remember(seen);
      const kept = parseObject((await storage.get(name)) ?? '');
      isKept = kept?.['license'] !== undefined;
      if (isKept) return { kind: 'license', license: kept?.['license'] };
      return { kind: 'nothing', why: WHY_NOTHING.find((why) => why === kept?.['nothing']) };
    },
    async save(license) {
      await storage.set(name, JSON.stringify({ license }));
      isKept = true;
      await noteTime(0);
    },
    noteTime,
    forget(why) {
      isKept = false;
      return storage.set(name, JSON.stringify({ nothing: why }));
    },
  };
}

/** FNV-1a, 32 bits: tells a machine's few licences apart, and says next to nothing of the key, which has no business in a file's name. */
function fingerprint(text: string): string {
  const hash = utf8(text).reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193), 0x811c9dc5);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
