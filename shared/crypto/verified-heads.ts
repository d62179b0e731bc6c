import type { BatchHead } from './batch-head.ts';
import { createNodeHash, createNodeMemory, type NodeHash } from './merkle.ts';

/** A head with its signature and the thumbprint of the key that verified it. */
export interface SignedHead extends BatchHead {
  readonly kid: string;
  /** As it stands in the licence data. */
  readonly signature: string;
}

/** Remembers heads whose signature was good, so that the other licences of a batch cost a few hashes each. */
export interface VerifiedHeads {
  has(head: SignedHead): boolean;
  /** To be told of good ones only, so that nobody can push them out with forgeries. */
  add(head: SignedHead): void;
  /** Hashes the way from a licence to its head. */
  readonly node: NodeHash;
}

/** Enough for the trees of fifty large batches. */
const MAX_NODES = 16_384;

/** @param max about 1 KiB each; beyond, the one added first is forgotten */
export function createVerifiedHeads(max = 1_000): VerifiedHeads {
  const heads = new Map<string, SignedHead>();
  return {
    node: createNodeMemory(MAX_NODES),
    has(head) {
      const known = heads.get(head.root);
      return (
        known !== undefined &&
        known.signature === head.signature &&
        known.kid === head.kid &&
        known.tree_size === head.tree_size &&
        known.signed_at === head.signed_at &&
        known.key_version === head.key_version &&
        known.signature_algorithm === head.signature_algorithm
      );
    },
    add(head) {
      heads.set(head.root, head);
      const [oldest] = heads.keys();
      if (heads.size > max && oldest !== undefined) heads.delete(oldest);
    },
  };
}

/** For a single check. */
export const noVerifiedHeads: VerifiedHeads = { has: () => false, add: () => undefined, node: createNodeHash() };
