import type { BatchHead } from './batch-head.ts';
import { createNodeCache, createNodeHash, type NodeHash } from './merkle.ts';

/** A batch head, its signature, and the thumbprint of the key that verified it. */
export interface SignedHead extends BatchHead {
  readonly kid: string;
  /** Base64, as in the licence data. */
  readonly signature: string;
}

/** Caches heads with a verified signature, so that each further licence of a batch costs a few hashes. */
export interface VerifiedHeads {
  has(head: SignedHead): boolean;
  /** Adds a verified head. Callers must not add others, or forgeries could evict the verified ones. */
  add(head: SignedHead): void;
  /** Hashes the nodes of an inclusion proof. */
  readonly node: NodeHash;
}

/** Nodes of the trees of about fifty large batches. */
const MAX_NODES = 16_384;

/** @param max maximum number of heads, about 1 KiB each; beyond it the oldest head is dropped */
export function createVerifiedHeads(max = 1_000): VerifiedHeads {
  const heads = new Map<string, SignedHead>();
  return {
    node: createNodeCache(MAX_NODES),
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

/** Caches nothing, for a single verification. */
export const noVerifiedHeads: VerifiedHeads = { has: () => false, add: () => undefined, node: createNodeHash() };
