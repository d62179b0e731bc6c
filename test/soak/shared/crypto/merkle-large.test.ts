import { describe, expect, it } from 'vitest';
import { buildTree, leafHash, rootFromPath } from '#shared/crypto/merkle.ts';
import { auditPath, leavesOf, mth, verifies } from '../../../unit/shared/crypto/rfc9162.ts';

/** Around the powers of two, where the shape of the tree changes. */
describe.each([127, 128, 129, 255, 256, 257])('a tree of %i leaves', (size) => {
  const leaves = leavesOf(size);
  const hashes = leaves.map(leafHash);
  const tree = buildTree(hashes);
  const root = Buffer.from(tree.root, 'hex');

  it('has the root and the paths of the RFC', () => {
    const data = leaves.map((leaf) => Buffer.from(leaf));
    expect(tree.root).toBe(mth(data).toString('hex'));
    leaves.forEach((_, index) => {
      expect(tree.auditPath(index)).toEqual(auditPath(index, data).map((hash) => hash.toString('hex')));
    });
  });

  it('verifies each leaf at its place, and at no place and size where the RFC does not', () => {
    hashes.forEach((leaf, index) => {
      const path = tree.auditPath(index);
      const bytes = path.map((one) => Buffer.from(one, 'hex'));
      expect(rootFromPath(leaf, index, size, path)).toBe(tree.root);
      for (let place = 0; place < size; place += 1) {
        const expected = verifies(Buffer.from(leaf, 'hex'), place, size, bytes, root);
        expect(expected).toBe(place === index);
        expect(rootFromPath(leaf, place, size, path) === tree.root).toBe(expected);
      }
    });
  });
});
