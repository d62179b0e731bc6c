import { type Bytes, concat, sha256, utf8 } from '../encoding.ts';

/** RFC 9162, section 2.1.1: leaves and nodes are told apart by their first byte. */
export const leafHash = (data: string): Promise<Bytes> => sha256(concat(Uint8Array.of(0), utf8(data)));

const nodeHash = (left: Bytes, right: Bytes): Promise<Bytes> => sha256(concat(Uint8Array.of(1), left, right));

/**
 * The root that an inclusion proof leads to (RFC 9162, section 2.1.3.2).
 * @returns undefined when index, size and length of the path do not fit one another
 */
export async function rootOf(
  leaf: Bytes,
  leafIndex: number,
  treeSize: number,
  path: readonly Bytes[],
): Promise<Bytes | undefined> {
  if (!Number.isSafeInteger(leafIndex) || leafIndex < 0 || !(leafIndex < treeSize)) return undefined;
  let position = leafIndex;
  let last = treeSize - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (position % 2 === 1 || position === last) {
      hash = await nodeHash(sibling, hash);
      // A last node without a sibling rises as it is, until it is a right one.
      while (position % 2 === 0 && position !== 0) {
        position /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      hash = await nodeHash(hash, sibling);
    }
    position = Math.floor(position / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : undefined;
}
