import { LRUCache } from 'lru-cache';
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

/** The nodes of about fifty large batches, and a thousand heads. */
const NODES_BYTES = 8 * 1024 * 1024;
const HEADS_BYTES = 2 * 1024 * 1024;
/** What a head costs beside its signature: a root, a thumbprint, and names of a known length. */
const HEAD_BYTES = 600;

/** @param maxBytes of heads; beyond it the head is dropped that was not used for the longest time */
export function createVerifiedHeads(maxBytes = HEADS_BYTES): VerifiedHeads {
  const heads = new LRUCache<string, SignedHead>({
    maxSize: maxBytes,
    sizeCalculation: ({ signature }) => HEAD_BYTES + signature.length,
  });
  return {
    node: createNodeCache(NODES_BYTES),
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
    add: (head) => void heads.set(head.root, head),
  };
}

/** Caches nothing, for a single verification. */
export const noVerifiedHeads: VerifiedHeads = { has: () => false, add: () => undefined, node: createNodeHash() };
