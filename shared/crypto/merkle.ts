import { hash } from 'node:crypto';

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
 * @throws TypeError for two or more leaves of which one is no hash
 */
export function buildTree(leaves: readonly string[]): MerkleTree {
  const node = createNodeHash();
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

function levelAbove(level: readonly string[], node: NodeHash): string[] {
  const above: string[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const [left = '', right] = [level[i], level[i + 1]];
    const parent = right === undefined ? left : node(left, right);
    if (parent === undefined) throw new TypeError('a leaf is not a hash in lower-case hex');
    above.push(parent);
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

/** Hashes a node from its two children; returns undefined unless both are hashes in lower-case hex. */
export type NodeHash = (left: string, right: string) => string | undefined;

// A counted repetition in the pattern would take several times as long as the check of the length. Decoding cannot check the
// digits: it reads the low byte of a character, so that a letter of another alphabet passes for a digit.
const HEX = /^[0-9a-f]+$/;
const isHash = (text: string) => text.length === 64 && HEX.test(text);

/** Reuses one buffer, since its allocation costs more than a hash. */
export function createNodeHash(): NodeHash {
  const bytes = Buffer.alloc(65, 1);
  return (left, right) => {
    if (!isHash(left) || !isHash(right)) return undefined;
    bytes.write(left, 1, 'hex');
    bytes.write(right, 33, 'hex');
    return hash('sha256', bytes, 'hex');
  };
}

interface KnownNode {
  readonly right: string;
  readonly parent: string;
}

/**
 * Caches node hashes by their left child, since the audit paths of one tree share most of their nodes. Two generations
 * stand in for an order of use: a node moves to the young one when it is used, and when that is full the old one is
 * dropped. A cache that orders its entries would cost more than the hash that it saves.
 * @param maxBytes of both generations
 */
export function createNodeCache(maxBytes: number, node: NodeHash = createNodeHash()): NodeHash {
  const most = Math.ceil(maxBytes / NODE_BYTES / 2);
  let young = new Map<string, KnownNode>();
  let old = new Map<string, KnownNode>();
  const remember = (left: string, known: KnownNode) => {
    if (young.size >= most) [old, young] = [young, new Map()];
    young.set(left, known);
  };
  return (left, right) => {
    const recent = young.get(left);
    if (recent !== undefined && recent.right === right) return recent.parent;
    const earlier = old.get(left);
    const known = earlier !== undefined && earlier.right === right ? earlier : undefined;
    const parent = known === undefined ? node(left, right) : known.parent;
    if (parent !== undefined) remember(left, known ?? { right, parent });
    return parent;
  };
}

/** Three hashes in hex, and what an entry costs. */
const NODE_BYTES = 450;
