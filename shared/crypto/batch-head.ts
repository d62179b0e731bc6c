import { canonicalJson } from '../license-format/canonical-json.ts';
import { leafHash, type NodeHash, rootFromPath } from './merkle.ts';

/** What one signature over a whole batch says. */
export interface BatchHead {
  /** Of the tree over the batch's licences, 64 hexadecimal digits. */
  readonly root: string;
  readonly tree_size: number;
  readonly signed_at: string;
  readonly key_version: string;
  readonly signature_algorithm: string;
}

/** The member `batch` of licence data: what leads from this one licence to the head that was signed. */
export type BatchProof = {
  readonly leaf_index: number;
  readonly tree_size: number;
  /** Lowest first, 64 hexadecimal digits each. */
  readonly audit_path: readonly string[];
  readonly signed_at: string;
};

/** The most licences under one signature: an audit path then has 16 hashes, which bounds what checking it costs. */
export const MAX_BATCH = 65_536;

/**
 * The signed bytes. A directly signed licence begins with `{` and a token with the base64url of that, so that no
 * signature over one of the three can be passed off as one over another.
 */
export const headText = ({ root, tree_size, signed_at, key_version, signature_algorithm }: BatchHead): string =>
  `countersign/batch/v1\n${canonicalJson({ root, tree_size, signed_at, key_version, signature_algorithm })}`;

const MEMBERS = 4;
const HASH_DIGITS = 64;
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

/**
 * Exactly the four members, each in its one form: nothing signs the proof itself, so it must leave no room.
 * @returns undefined for anything else; a batch has two licences at least
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

/** That they are hexadecimal is checked where they are hashed, which for most of them has been done before. */
const isHash = (value: unknown): value is string => typeof value === 'string' && value.length === HASH_DIGITS;

/** @returns the root that the licence and its proof lead to; undefined when the path does not fit its place, or holds what is no hash */
export const rootOf = (canonicalLicense: string, { leaf_index, tree_size, audit_path }: BatchProof, node: NodeHash) =>
  rootFromPath(leafHash(canonicalLicense), leaf_index, tree_size, audit_path, node);
