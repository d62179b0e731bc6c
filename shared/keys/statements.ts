import { createHash } from 'node:crypto';
import * as z from 'zod';
import { type PublicKey, readPublicKey } from '../crypto/public-key.ts';
import { verifySignature } from '../crypto/verify.ts';
import { DEFAULT_ALGORITHM, isSignatureAlgorithm, type SignatureAlgorithm } from '../license-format/algorithms.ts';
import { canonicalJson } from '../license-format/canonical-json.ts';
import { parseTime } from '../license-format/time.ts';

/**
 * The two statements from which all keys follow: the root says which key is the directory, the directory says which
 * keys sign licences. Clients pin the root. In the manner of TUF's root and targets, as small as it can be.
 */

const time = z.string().refine((text) => parseTime(text) !== undefined, 'is not an RFC 3339 time');
const algorithm = z.custom<SignatureAlgorithm>(isSignatureAlgorithm, 'is no signature algorithm that is known here');
const signed = { signature_algorithm: algorithm, signature: z.string() };

/** An older root says that a newer one is as good, for clients that were built before the newer one existed. */
const rootEndorsement = z.looseObject({
  kind: z.literal('root'),
  pem: z.string(),
  root_version: z.string(),
  endorsed_at: time,
  ...signed,
});

const directoryStatement = z.looseObject({
  kind: z.literal('directory'),
  directory_key: z.string(),
  pem: z.string(),
  valid_from: time,
  valid_until: time,
  root_version: z.string(),
  /** By the root before; inside what the new root signs. */
  endorsement: rootEndorsement.optional(),
  ...signed,
});

const listedKey = z.object({
  key_version: z.string(),
  kid: z.string(),
  algorithm,
  created_at: time,
  signs_from: time,
  /** For people; programs derive it from `signs_from`, times and revocations. */
  state: z.enum(['published', 'signing', 'retired', 'archived']),
  pem: z.string(),
});

/** Entries are judged one by one (`readListedKeys`), so that one of a later form hides no other. */
const keyList = z.looseObject({
  kind: z.literal('keys'),
  sequence: z.number().int().min(1),
  issued_at: time,
  expires_at: time,
  keys: z.array(z.unknown()),
  revoked: z.array(z.looseObject({ key_version: z.string(), kid: z.string().optional(), at: time })),
  ...signed,
});

/** What `/.well-known/countersign-keys.json` answers. */
const signedKeyList = z.looseObject({ root: directoryStatement, list: keyList });

export type DirectoryStatement = z.output<typeof directoryStatement>;
export type ListedKey = z.output<typeof listedKey>;
type KeyList = z.output<typeof keyList>;
export type SignedKeyList = z.output<typeof signedKeyList>;

/** The list as this suite writes it, before it is signed. */
export interface KeyListClaims {
  readonly kind: 'keys';
  /** Only grows. */
  readonly sequence: number;
  readonly issued_at: string;
  readonly expires_at: string;
  /** Newest first. */
  readonly keys: readonly ListedKey[];
  readonly revoked: readonly {
    readonly key_version: string;
    /** Of a version whose public key was known. */
    readonly kid?: string | undefined;
    readonly at: string;
  }[];
}

/** The entries that can be read here; the number of others is for an alert. */
export function readListedKeys(list: Pick<KeyList, 'keys'>): {
  readonly keys: readonly ListedKey[];
  readonly unreadable: number;
} {
  const keys = list.keys.flatMap((entry) => {
    const parsed = listedKey.safeParse(entry);
    return parsed.success ? [parsed.data] : [];
  });
  return { keys, unreadable: list.keys.length - keys.length };
}

/** The SHA-256 of the signed bytes: the canonical JSON of the statement without `signature`. */
function digestOf(statement: Readonly<Record<string, unknown>>): Uint8Array {
  const { signature: _, ...others } = statement;
  return createHash('sha256').update(canonicalJson(others)).digest();
}

/** @param sign makes the signature of a SHA-256 digest */
export async function signStatement<S extends Readonly<Record<string, unknown>>>(
  statement: S,
  signatureAlgorithm: SignatureAlgorithm,
  sign: (digest: Uint8Array) => Promise<Uint8Array>,
): Promise<S & { readonly signature_algorithm: SignatureAlgorithm; readonly signature: string }> {
  const stamped = { ...statement, signature_algorithm: signatureAlgorithm };
  const signature = await sign(digestOf(stamped));
  return { ...stamped, signature: Buffer.from(signature).toString('base64') };
}

/** Whether this key made the signature of the statement over all of its other members. */
function isSignedBy(
  key: PublicKey,
  statement: Readonly<Record<string, unknown>> & { readonly signature_algorithm: string; readonly signature: string },
): boolean {
  if (statement.signature_algorithm !== key.algorithm) return false;
  const signature = Buffer.from(statement.signature, 'base64');
  if (signature.toString('base64') !== statement.signature) return false;
  const { signature: _, ...others } = statement;
  return verifySignature(key, Buffer.from(canonicalJson(others)), signature);
}

/** Why a key list is not believed. The last two are found by whoever knows a newer one. */
type KeyListFault =
  | 'malformed'
  | 'unknown_root'
  | 'bad_root_signature'
  | 'bad_list_signature'
  | 'older_root_statement'
  | 'lower_sequence';

class KeyListError extends Error {
  readonly code: KeyListFault;

  constructor(code: KeyListFault, message: string) {
    super(message);
    this.name = 'KeyListError';
    this.code = code;
  }
}

/**
 * Checks root statement and list, in that order, without judging their times: signers and public-keys go on with the
 * newest authentic list of any age, clients judge by their own clock.
 * @param value what was read, e.g. from the keys' database
 * @param roots the roots' public keys, newest first
 * @throws KeyListError
 */
export function readSignedKeyList(value: unknown, roots: readonly PublicKey[]): SignedKeyList {
  const parsed = signedKeyList.safeParse(value);
  if (!parsed.success)
    throw new KeyListError('malformed', `The key list is malformed: ${z.prettifyError(parsed.error)}`);
  const { root, list } = parsed.data;
  requireRootSignature(root, roots);
  const directory = parseKey(root.pem);
  if (!isSignedBy(directory, list)) {
    throw new KeyListError('bad_list_signature', 'The key list is not signed by the directory key.');
  }
  return parsed.data;
}

/**
 * A directory statement as a root ceremony left it.
 * @throws KeyListError
 */
export function readDirectoryStatement(value: unknown, roots: readonly PublicKey[]): DirectoryStatement {
  const parsed = directoryStatement.safeParse(value);
  if (!parsed.success) {
    throw new KeyListError('malformed', `The directory statement is malformed: ${z.prettifyError(parsed.error)}`);
  }
  requireRootSignature(parsed.data, roots);
  return parsed.data;
}

/**
 * Refuses a list that is older than the one that is known: by an earlier root, by an earlier statement of the root, or
 * with a lower number. A directory key that the root has named since begins at any number, so that one that was stolen,
 * and signed a list with the highest number there is, can be replaced. Clients have the same rule.
 * @throws KeyListError
 */
export function requireNewer({ root, list }: SignedKeyList, known: SignedKeyList): void {
  const later = compareStatements(root, known.root);
  if (later < 0) {
    throw new KeyListError('older_root_statement', `The directory statement of ${root.valid_from} is an older one.`);
  }
  if (later > 0 && root.pem !== known.root.pem) return;
  if (list.sequence < known.list.sequence) {
    throw new KeyListError('lower_sequence', `The list ${list.sequence} is older than ${known.list.sequence}.`);
  }
}

/** Negative when the first one is older: by an earlier root, or earlier by the same root. */
export function compareStatements(a: DirectoryStatement, b: DirectoryStatement): number {
  return versionOf(a) - versionOf(b) || (parseTime(a.valid_from) ?? 0) - (parseTime(b.valid_from) ?? 0);
}

/** The number at the end of `license-root.2`; 0 for a name without one. */
const versionOf = ({ root_version: name }: DirectoryStatement): number => Number(/\d{1,9}$/.exec(name)?.[0] ?? 0);

/** @throws KeyListError unless one of the roots signed the statement, or endorsed the root that signed it */
export function requireRootSignature(root: DirectoryStatement, roots: readonly PublicKey[]): void {
  if (roots.some((key) => isSignedBy(key, root))) return;
  const { endorsement } = root;
  if (endorsement === undefined) {
    throw new KeyListError('bad_root_signature', 'The directory key is not signed by a root that is pinned here.');
  }
  if (!roots.some((key) => isSignedBy(key, endorsement))) {
    throw new KeyListError('unknown_root', 'The root that signed the directory key is not endorsed by a pinned root.');
  }
  if (endorsement.root_version !== root.root_version || !isSignedBy(parseKey(endorsement.pem), root)) {
    throw new KeyListError('bad_root_signature', 'The endorsed root did not sign the directory key.');
  }
}

function parseKey(pem: string): PublicKey {
  try {
    return readPublicKey(pem, DEFAULT_ALGORITHM);
  } catch (cause) {
    throw new KeyListError('malformed', `A key of the list is no RSA-4096 public key: ${String(cause)}`);
  }
}

const PEM_BLOCK = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/**
 * The roots' public keys from a text of one or more PEM blocks, as `ROOT_KEYS` holds them.
 * @throws TypeError when there is none, or one is no RSA-4096 public key
 */
export function readRoots(text: string): readonly PublicKey[] {
  const blocks = text.match(PEM_BLOCK) ?? [];
  if (blocks.length === 0) throw new TypeError('no PUBLIC KEY block in PEM form');
  return blocks.map((pem) => readPublicKey(pem, DEFAULT_ALGORITHM));
}
