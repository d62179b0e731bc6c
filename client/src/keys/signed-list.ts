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
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The directory key that signed it, as the root's statement has it. */
  readonly directory: {
    readonly kid: string;
    readonly rootVersion: number;
    readonly from: number;
    readonly until: number;
  };
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
  | 'older_root_statement'
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
  const [from, until] = [timeOf(root?.['valid_from']), timeOf(root?.['valid_until'])];
  const [issuedAt, expiresAt] = [timeOf(list?.['issued_at']), timeOf(list?.['expires_at'])];
  const [sequence, entries, revocations] = [list?.['sequence'], list?.['keys'], list?.['revoked']];
  if (root?.['kind'] !== 'directory' || list?.['kind'] !== 'keys') throw new KeyListError('malformed');
  if (from === undefined || until === undefined) throw new KeyListError('malformed');
  if (issuedAt === undefined || expiresAt === undefined) throw new KeyListError('malformed');
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1)
    throw new KeyListError('malformed');
  if (!Array.isArray(entries) || !Array.isArray(revocations)) throw new KeyListError('malformed');

  const trusted = await followEndorsements(roots, remembered, check);
  const endorsements = await checkRoot(root, trusted, check);
  const directory = await readKey(root);
  if (!(await isSignedBy(directory, list, check))) throw new KeyListError('bad_list_signature');
  return {
    document: { root, list },
    sequence,
    issuedAt,
    expiresAt,
    directory: { kid: directory.kid, rootVersion: versionOf(root), from, until },
    keys: (await Promise.all(entries.map(readEntry))).flat(),
    revoked: new Set(revocations.flatMap(namesOf)),
    endorsements,
  };
}

/**
 * Refuses a list that is older than the one that is known: by an earlier root, by an earlier statement of the root, or
 * with a lower number. A directory key that the root has named since begins at any number, so that one that was stolen,
 * and signed a list with the highest number there is, can be replaced.
 * @throws KeyListError
 */
export function requireNewer(list: SignedKeyList, known: SignedKeyList | undefined): void {
  if (known === undefined) return;
  const { directory } = list;
  const later = directory.rootVersion - known.directory.rootVersion || directory.from - known.directory.from;
  if (later < 0) throw new KeyListError('older_root_statement');
  if (later > 0 && directory.kid !== known.directory.kid) return;
  if (list.sequence < known.sequence) throw new KeyListError('lower_sequence');
}

/** The number at the end of `license-root.2`; 0 for a name without one. */
const versionOf = ({ root_version: name }: JsonObject): number => Number(/\d{1,9}$/.exec(textOf(name) ?? '')?.[0] ?? 0);

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
