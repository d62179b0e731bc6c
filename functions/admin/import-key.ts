import { estimateEntropy } from '#shared/imported-keys/entropy.ts';
import { hashImportedKey, MIN_IMPORTED_LENGTH, readImportedKey } from '#shared/imported-keys/imported-key.ts';
import { hasPrefix, parseLicenseKey } from '#shared/license-format/license-key.ts';
import { Fault, invalid } from '#shared/model/errors.ts';
import { keyWorks, readKey } from '#shared/model/key-record.ts';
import { readLicense } from '#shared/model/license.ts';
import { paths } from '#shared/seats/paths.ts';
import type { DocumentReader, Write } from '#shared/store/store.ts';

/** Bits below which a key of an older system is refused: it could be guessed. */
const MIN_ENTROPY = 64;

/**
 * The hash of a key of an older system that a new licence is to have.
 * @param pepper undefined when no keys are taken over
 * @throws Fault `imported_keys_off`, `invalid_request` for a key that could be guessed or is one of ours
 */
export function hashOfImport(typed: string, pepper: string | undefined): string {
  if (pepper === undefined) {
    throw new Fault('imported_keys_off', 'This deployment takes over no keys of an older system (IMPORTED_KEYS).');
  }
  const text = readImportedKey(typed);
  if (text === undefined) throw refused(`must have at least ${MIN_IMPORTED_LENGTH} letters and digits`);
  if (parseLicenseKey(typed) !== undefined && hasPrefix(typed)) throw refused('is spelled like a key of this suite');
  const bits = estimateEntropy(text);
  if (bits < MIN_ENTROPY) {
    throw refused(`is too easy to guess: about ${Math.floor(bits)} bits, and ${MIN_ENTROPY} are needed`);
  }
  return hashImportedKey(pepper, text);
}

const refused = (message: string): Fault => invalid([{ path: 'license_key', message }]);

export interface ImportRequest {
  readonly hash: string;
  readonly licenseId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * Makes a key of an older system lead to a licence. A key that has ended, or whose licence is archived, is free again.
 * @throws Fault `key_in_use` when it opens another licence
 */
export async function importKey(
  store: Pick<DocumentReader, 'get'>,
  { hash, licenseId, now }: ImportRequest,
): Promise<Write> {
  const path = paths.importedKey(hash);
  const fields = { license_id: licenseId, created_at: now };
  const [found] = await store.get([path]);
  if (found === undefined) return { op: 'create', path, fields };
  const other = String(found.fields['license_id']);
  const [license, key] = await store.get([paths.license(other), paths.key(other, hash)]);
  const isInUse =
    license !== undefined && key !== undefined && !readLicense(license).archived && keyWorks(readKey(key), now);
  // The licence itself: an earlier attempt was applied, and the commit will find that out.
  if (isInUse && other !== licenseId) {
    throw new Fault('key_in_use', 'End it there, or archive that licence, before it is taken over again.');
  }
  return { op: 'update', path, fields, lastUpdateTime: found.updateTime };
}
