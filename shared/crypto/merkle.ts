import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';

/**
 * Merkle trees of RFC 9162, section 2.1, over SHA-256. Hashes are lower-case hex. A leaf's hash begins with the byte 0
 * and a node's with 1, so that a leaf cannot be presented as a node.
 */
export interface MerkleTree {
  readonly root: string;
  /** The sibling hashes from a leaf up to the root, lowest first (section 2.1.3). @throws RangeError outside the tree */
  auditPath(index: number): string[];
}

/** @param data hashed as UTF-8 */
export const leafHash = (data: string): string => hash('sha256', `\0${data}`, 'hex');

/**
 * Pairs the hashes of each level from the left and moves a leftover hash up unchanged. The result is the tree that the
 * RFC defines by splitting at the largest power of two.
 * @param leaves as `leafHash` makes them
 */
export function buildTree(leaves: readonly string[]): MerkleTree {
  const node = createPairHash();
  const levels: (readonly string[])[] = [leaves];
  for (let level = leaves; level.length > 1; levels.push(level)) level = levelAbove(level, node);
  return {
    root: levels.at(-1)?.[0] ?? hash('sha256', '', 'hex'),
    auditPath(index) {
      if (!(index in leaves)) throw new RangeError(`a tree of ${leaves.length} leaves has none at ${index}`);
      return levels.flatMap((level, height) => level[(index >>> height) ^ 1] ?? []);
    },
  };
}

function levelAbove(level: readonly string[], node: PairHash): string[] {
  const above: string[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const [left = '', right] = [level[i], level[i + 1]];
    above.push(right === undefined ? left : node(left, right));
  }
  return above;
}

/**
 * Computes the root from a leaf and its audit path (section 2.1.3.2).
 * @param leaf as `leafHash` makes it
 * @param size at most 2^31, and more than `index`
 * @param path hashes of 64 hexadecimal digits, lowest first
 * @returns undefined when the length of the path is wrong for the leaf's position in a tree of this size, or when an
 *   element is not a hash
 */
export function rootFromPath(
  leaf: string,
  index: number,
  size: number,
  path: readonly string[],
  node: NodeHash = createNodeHash(),
): string | undefined {
  let hashed: string | undefined = leaf;
  let used = 0;
  for (let [place, last] = [index, size - 1]; last > 0; place >>>= 1, last >>>= 1) {
    const isRight = place % 2 === 1;
    if (!isRight && place === last) continue; // a leftover, which has no sibling at this level
    const sibling = path[used];
    if (sibling === undefined) return undefined;
    hashed = isRight ? node(sibling, hashed) : node(hashed, sibling);
    if (hashed === undefined) return undefined;
    used += 1;
  }
  return used === path.length ? hashed : undefined;
}

type PairHash = (left: string, right: string) => string;

/** Reuses one buffer for all nodes, since its allocation costs more than a hash. */
function createPairHash(): PairHash {
  const bytes = Buffer.alloc(65, 1);
  return (left, right) => {
    bytes.write(left, 1, 'hex');
    bytes.write(right, 33, 'hex');
    return hash('sha256', bytes, 'hex');
  };
}

/** Hashes a node from its two children; returns undefined unless both are hashes in lower-case hex. */
export type NodeHash = (left: string, right: string) => string | undefined;

// A counted repetition in the pattern would take several times as long as the check of the length.
const HEX = /^[0-9a-f]+$/;
const isHash = (text: string) => text.length === 64 && HEX.test(text);

export function createNodeHash(): NodeHash {
  const pair = createPairHash();
  return (left, right) => (isHash(left) && isHash(right) ? pair(left, right) : undefined);
}

/**
 * Caches node hashes, since the audit paths of one tree share most of their nodes.
 * @param maxBytes of nodes; beyond it the node is dropped that was not used for the longest time
 */
export function createNodeCache(maxBytes: number, node: NodeHash = createNodeHash()): NodeHash {
  // All nodes are of one size, and counting them is cheaper than adding up sizes.
  const known = new LRUCache<string, { readonly right: string; readonly parent: string }>({
    max: Math.ceil(maxBytes / NODE_BYTES),
  });
  return (left, right) => {
    const met = known.get(left);
    if (met !== undefined && met.right === right) return met.parent;
    const parent = node(left, right);
    if (parent === undefined) return undefined;
    known.set(left, { right, parent });
    return parent;
  };
}

/** Three hashes in hex, and what an entry costs. */
const NODE_BYTES = 450;
