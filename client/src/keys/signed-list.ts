import { canonicalJsonOrUndefined } from '../../../shared/license-format/canonical-json.ts';
import { parseTime } from '../../../shared/license-format/time.ts';
import { fromBase64, utf8 } from '../encoding.ts';
import { asObject, type JsonObject, textOf } from '../json.ts';
import type { CheckSignature } from './check-signature.ts';
import { readKeys } from './material.ts';
import type { PublicKey } from './public-key.ts';
import type { KeyDocument } from './source.ts';

/** A key list that the pinned root stands behind. Times are milliseconds since the epoch and not judged yet. */
export interface SignedKeyList {
  readonly document: KeyDocument;
  readonly sequence: number;
  /** The end of the list, or of the directory key that signed it, whichever is earlier. */
  readonly expiresAt: number;
  readonly keys: readonly ListedKey[];
  /** Versions and thumbprints. */
  readonly revoked: ReadonlySet<string>;
  /** By which the pinned roots lead to the root that signed; to be remembered. */
  readonly endorsements: readonly JsonObject[];
}

export interface ListedKey extends PublicKey {
  readonly signsFrom: number;
}

export type KeyListFault =
  | 'malformed'
  | 'unknown_root'
  | 'bad_root_signature'
  | 'bad_list_signature'
  | 'lower_sequence';

/** A key list that is not believed. */
export class KeyListError extends Error {
  readonly code: KeyListFault;

  constructor(code: KeyListFault) {
    super(`The key list of the server is not believed: ${code}.`);
    this.name = 'KeyListError';
    this.code = code;
  }
}

/**
 * Checks root statement and list, in that order.
 * @param roots that are pinned
 * @param remembered endorsements that an earlier list brought. They are signed, so they may lie in any storage.
 * @throws KeyListError
 */
export async function readSignedKeyList(
  document: unknown,
  roots: readonly PublicKey[],
  check: CheckSignature,
  remembered: readonly unknown[] = [],
): Promise<SignedKeyList> {
  const { root: statement, list: claims } = asObject(document) ?? {};
  const [root, list] = [asObject(statement), asObject(claims)];
  const directoryUntil = timeOf(root?.['valid_until']);
  const listUntil = timeOf(list?.['expires_at']);
  const [sequence, entries, revocations] = [list?.['sequence'], list?.['keys'], list?.['revoked']];
  if (root?.['kind'] !== 'directory' || list?.['kind'] !== 'keys') throw new KeyListError('malformed');
  if (directoryUntil === undefined || listUntil === undefined) throw new KeyListError('malformed');
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1)
    throw new KeyListError('malformed');
  if (!Array.isArray(entries) || !Array.isArray(revocations)) throw new KeyListError('malformed');

  const trusted = await followEndorsements(roots, remembered, check);
  const endorsements = await checkRoot(root, trusted, check);
  if (!(await isSignedBy(await readKey(root), list, check))) throw new KeyListError('bad_list_signature');
  return {
    document: { root, list },
    sequence,
    expiresAt: Math.min(directoryUntil, listUntil),
    keys: (await Promise.all(entries.map(readEntry))).flat(),
    revoked: new Set(revocations.flatMap(namesOf)),
    endorsements,
  };
}

interface TrustedRoots {
  readonly roots: readonly PublicKey[];
  readonly endorsements: readonly JsonObject[];
}

/** Each endorsement by a root that is trusted so far adds one more. */
async function followEndorsements(
  pinned: readonly PublicKey[],
  remembered: readonly unknown[],
  check: CheckSignature,
): Promise<TrustedRoots> {
  let trusted: TrustedRoots = { roots: pinned, endorsements: [] };
  for (const one of remembered) {
    const endorsement = asObject(one);
    if (endorsement?.['kind'] !== 'root' || !(await isSignedByAny(trusted.roots, endorsement, check))) continue;
    const key = await readKey(endorsement).catch(() => undefined);
    if (key === undefined) continue;
    trusted = { roots: [...trusted.roots, key], endorsements: [...trusted.endorsements, endorsement] };
  }
  return trusted;
}

/** @returns the endorsements to be remembered */
async function checkRoot(
  root: JsonObject,
  { roots, endorsements }: TrustedRoots,
  check: CheckSignature,
): Promise<readonly JsonObject[]> {
  if (await isSignedByAny(roots, root, check)) return endorsements;
  const endorsement = asObject(root['endorsement']);
  if (endorsement === undefined) throw new KeyListError('bad_root_signature');
  if (endorsement['kind'] !== 'root' || !(await isSignedByAny(roots, endorsement, check))) {
    throw new KeyListError('unknown_root');
  }
  const isSame = endorsement['root_version'] === root['root_version'];
  if (!isSame || !(await isSignedBy(await readKey(endorsement), root, check))) {
    throw new KeyListError('bad_root_signature');
  }
  return [...endorsements, endorsement];
}

async function isSignedByAny(
  keys: readonly PublicKey[],
  statement: JsonObject,
  check: CheckSignature,
): Promise<boolean> {
  for (const key of keys) if (await isSignedBy(key, statement, check)) return true;
  return false;
}

/** Whether this key signed all other members of a statement, in their canonical form. */
async function isSignedBy(key: PublicKey, statement: JsonObject, check: CheckSignature): Promise<boolean> {
  const { signature: encoded, ...others } = statement;
  if (statement['signature_algorithm'] !== key.algorithm || typeof encoded !== 'string') return false;
  const signature = fromBase64(encoded);
  const text = canonicalJsonOrUndefined(others);
  return signature !== undefined && text !== undefined && check(key, utf8(text), signature);
}

async function readKey({ pem }: JsonObject): Promise<PublicKey> {
  const [key, ...others] = await readKeys({ pem }).catch(() => []);
  if (key === undefined || others.length > 0) throw new KeyListError('malformed');
  return key;
}

/** An entry of a later form hides no other. */
async function readEntry(entry: unknown): Promise<ListedKey[]> {
  const signsFrom = timeOf(asObject(entry)?.['signs_from']);
  const keys = await readKeys(entry).catch(() => []);
  return signsFrom === undefined ? [] : keys.map((key) => ({ ...key, signsFrom }));
}

const namesOf = (revocation: unknown): string[] =>
  ['key_version', 'kid'].flatMap((name) => textOf(asObject(revocation)?.[name]) ?? []);

const timeOf = (value: unknown): number | undefined => (typeof value === 'string' ? parseTime(value) : undefined);
