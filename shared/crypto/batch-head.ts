import { canonicalJson } from '../license-format/canonical-json.ts';
import { leafHash, type NodeHash, rootFromPath } from './merkle.ts';

/** The content of the signature over a batch. */
export interface BatchHead {
  /** Root of the Merkle tree over the licences, 64 hexadecimal digits. */
  readonly root: string;
  readonly tree_size: number;
  readonly signed_at: string;
  readonly key_version: string;
  readonly signature_algorithm: string;
}

/** The member `batch` of licence data: the inclusion proof of the licence. */
export type BatchProof = {
  readonly leaf_index: number;
  readonly tree_size: number;
  /** Lowest first, 64 hexadecimal digits each. */
  readonly audit_path: readonly string[];
  readonly signed_at: string;
};

/** Maximum number of licences under one signature. It limits an audit path to 16 hashes and so the cost of verifying. */
export const MAX_BATCH = 65_536;

/**
 * The signed bytes. The prefix keeps signatures of the three forms apart: a directly signed licence begins with `{`, and a
 * token with the base64url of `{`.
 */
export const headText = ({ root, tree_size, signed_at, key_version, signature_algorithm }: BatchHead): string =>
  `countersign/batch/v1\n${canonicalJson({ root, tree_size, signed_at, key_version, signature_algorithm })}`;

const MEMBERS = 4;
const HASH_DIGITS = 64;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/**
 * Parses a proof of exactly four members, each in its only valid form. The proof is not signed, so it must not have a
 * second spelling.
 * @returns undefined for anything else, and for a batch of fewer than two licences
 */
export function readBatchProof(batch: Readonly<Record<string, unknown>>): BatchProof | undefined {
  const { leaf_index, tree_size, audit_path, signed_at } = batch;
  if (Object.keys(batch).length !== MEMBERS) return undefined;
  if (!isInteger(tree_size, 2, MAX_BATCH) || !isInteger(leaf_index, 0, tree_size - 1)) return undefined;
  if (!Array.isArray(audit_path) || !audit_path.every(isHash)) return undefined;
  if (typeof signed_at !== 'string' || !TIME.test(signed_at)) return undefined;
  return { leaf_index, tree_size, audit_path, signed_at };
}

const isInteger = (value: unknown, min: number, max: number): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;

/** Checks the length only; the hash function checks the digits, and skips nodes that it already knows. */
const isHash = (value: unknown): value is string => typeof value === 'string' && value.length === HASH_DIGITS;

/** @returns the root of the licence's proof; undefined when the path has a wrong length or something that is not a hash */
export const rootOf = (canonicalLicense: string, { leaf_index, tree_size, audit_path }: BatchProof, node: NodeHash) =>
  rootFromPath(leafHash(canonicalLicense), leaf_index, tree_size, audit_path, node);
