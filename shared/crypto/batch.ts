import { createHash } from 'node:crypto';
import { canonicalJson } from '../license-format/canonical-json.ts';
import { type BatchProof, headText, MAX_BATCH } from './batch-head.ts';
import { type LicenseClaims, type LicenseData, readCanonical, signLicense, stampClaims } from './license.ts';
import { buildTree, leafHash } from './merkle.ts';
import type { Signer, SigningKey } from './signer.ts';

/**
 * Signs several licences with one signature, over the root of a Merkle tree (RFC 9162) whose leaves are the licences.
 * Each licence gets the signature and its inclusion proof, `batch`. A single licence is signed directly.
 * @param all claims of at most MAX_BATCH licences
 * @param now milliseconds since the epoch
 * @returns licence data for each, in order
 * @throws NotCanonicalError for a claim without a canonical form; what the signer throws
 */
export async function signBatch(
  all: readonly LicenseClaims[],
  key: SigningKey,
  signer: Signer,
  now: number,
): Promise<LicenseData[]> {
  if (all.length > MAX_BATCH) throw new RangeError(`a batch has at most ${MAX_BATCH} licences`);
  const [only] = all;
  if (only === undefined) return [];
  if (all.length === 1) return [await signLicense(only, key, signer, now)];

  const licenses = all.map((claims) => canonicalJson(stampClaims(claims, key, now)));
  const { signed_at, key_version, signature_algorithm } = stampClaims({}, key, now);
  const tree = buildTree(licenses.map(leafHash));
  const tree_size = licenses.length;
  const head = headText({ root: tree.root, tree_size, signed_at, key_version, signature_algorithm });
  const bytes = await signer.sign(key.keyVersion, createHash('sha256').update(head).digest());
  const signature = Buffer.from(bytes).toString('base64');
  return licenses.map((license, leaf_index) => {
    const batch: BatchProof = { leaf_index, tree_size, audit_path: tree.auditPath(leaf_index), signed_at };
    return { ...readCanonical(license), batch, signature };
  });
}
