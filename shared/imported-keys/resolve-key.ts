import { hasPrefix, type LicenseKey, parseLicenseKey } from '../license-format/license-key.ts';
import { hashLicenseKey } from '../model/license-key.ts';
import type { FindImportedKey } from './find-imported-key.ts';
import { hashImportedKey, readImportedKey } from './imported-key.ts';

/** A licence key as somebody presented it, with the licence that it names and the id of its document. */
export interface PresentedKey {
  readonly key: LicenseKey;
  readonly hash: string;
}

/** @returns undefined for a text that is no key, or an unknown one of an older system */
export type ResolveKey = (typed: string) => Promise<PresentedKey | undefined>;

export interface ResolveKeyOptions {
  /** Undefined: keys of an older system are not taken over. */
  readonly pepper: string | undefined;
  readonly find: FindImportedKey;
}

/**
 * One of our own keys names its licence and costs no read. Of 32 keys of an older system with forty characters one may
 * read as ours without its prefix, so such a text is looked up first.
 */
export function createResolveKey({ pepper, find }: ResolveKeyOptions): ResolveKey {
  return async (typed) => {
    const own = parseLicenseKey(typed);
    if (pepper === undefined || (own !== undefined && hasPrefix(typed))) return own && present(own);
    const text = readImportedKey(typed);
    const hash = text === undefined ? '' : hashImportedKey(pepper, text);
    const licenseId = text === undefined ? undefined : await find(hash, own !== undefined);
    if (text === undefined || licenseId === undefined) return own && present(own);
    return { key: { licenseId, text }, hash };
  };
}

const present = (key: LicenseKey): PresentedKey => ({ key, hash: hashLicenseKey(key) });
