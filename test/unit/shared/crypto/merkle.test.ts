import { describe, expect, it } from 'vitest';
import { buildTree, createNodeCache, leafHash, rootFromPath } from '#shared/crypto/merkle.ts';
import { auditPath, leavesOf, mth, sha256, verifies, ZERO } from './rfc9162.ts';

const hex = (bytes: Buffer) => bytes.toString('hex');
const SIZES = [...Array.from({ length: 34 }, (_, size) => size + 1), 63, 64, 65, 100];

/** The eight leaves of Certificate Transparency's own tests, and the roots of their first n. */
const CT_LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const CT_ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('buildTree', () => {
  it('hashes nothing for nobody', () => {
    expect(buildTree([]).root).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it.each(CT_ROOTS.map((root, index) => [index + 1, root]))(
    'has the published root of %i leaves of Certificate Transparency',
    (size, root) => {
      const data = CT_LEAVES.slice(0, Number(size)).map((text) => Buffer.from(text, 'hex'));
      expect(hex(mth(data))).toBe(root);
      expect(buildTree(data.map((leaf) => hex(sha256(ZERO, leaf)))).root).toBe(root);
    },
  );

  it.each(SIZES)('of %i is the tree of the RFC, root and paths', (size) => {
    const leaves = leavesOf(size);
    const data = leaves.map((leaf) => Buffer.from(leaf));
    const tree = buildTree(leaves.map(leafHash));
    expect(tree.root).toBe(hex(mth(data)));
    leaves.forEach((_, index) => {
      expect(tree.auditPath(index)).toEqual(auditPath(index, data).map(hex));
    });
    for (const outside of [-1, size, 0.5]) expect(() => tree.auditPath(outside)).toThrow(RangeError);
  });

  it('tells a leaf from a node of the same bytes', () => {
    const [a, b] = [leafHash('a'), leafHash('b')];
    const node = Buffer.from(a + b, 'hex');
    expect(buildTree([a, b]).root).not.toBe(hex(sha256(ZERO, node)));
  });
});

describe('rootFromPath', () => {
  it.each(SIZES)('agrees with the steps of the RFC on every leaf of %i, and on wrong places and sizes', (size) => {
    const hashes = leavesOf(size).map(leafHash);
    const tree = buildTree(hashes);
    const root = Buffer.from(tree.root, 'hex');
    hashes.forEach((leaf, index) => {
      const path = tree.auditPath(index);
      expect(rootFromPath(leaf, index, size, path)).toBe(tree.root);
      const bytes = path.map((one) => Buffer.from(one, 'hex'));
      for (const [place, count] of [
        [index, size + 1],
        [index, size * 2],
        [index, Math.max(index + 1, size - 1)],
        [(index + 1) % size, size],
        [size - 1 - index, size],
      ] as const) {
        const expected = verifies(Buffer.from(leaf, 'hex'), place, count, bytes, root);
        expect(rootFromPath(leaf, place, count, path) === tree.root, `${index} as ${place} of ${count}`).toBe(expected);
      }
    });
  });

  it('takes no path that is shorter, longer, or in another order', () => {
    const hashes = leavesOf(7).map(leafHash);
    const tree = buildTree(hashes);
    const [leaf = '', path] = [hashes[2], tree.auditPath(2)];
    expect(path).toHaveLength(3);
    expect(rootFromPath(leaf, 2, 7, path.slice(1))).toBeUndefined();
    expect(rootFromPath(leaf, 2, 7, [...path, leaf])).toBeUndefined();
    expect(rootFromPath(leaf, 2, 7, path.toReversed())).not.toBe(tree.root);
    expect(rootFromPath(tree.root, 0, 1, [])).toBe(tree.root);
  });

  it.each([
    ['upper case', (one: string) => one.toUpperCase()],
    ['too short', (one: string) => one.slice(2)],
    ['not hexadecimal', (one: string) => `g${one.slice(1)}`],
    ['of letters whose low byte is a digit', (one: string) => one.replace(/./, (digit) => shifted(digit))],
  ])('takes no hash that is %s', (_what, spoil) => {
    const hashes = leavesOf(4).map(leafHash);
    const [first = '', ...rest] = buildTree(hashes).auditPath(1);
    expect(rootFromPath(hashes[1] ?? '', 1, 4, [spoil(first), ...rest])).toBeUndefined();
  });
});

/** U+0161 for `a`: Buffer decodes both to the same bytes. */
const shifted = (digit: string) => String.fromCharCode(0x100 + digit.charCodeAt(0));

describe('createNodeCache', () => {
  it('hashes what it knows only once, and keeps what is used', () => {
    const asked: string[] = [];
    const memory = createNodeCache(4 * 450, (left, right) => {
      asked.push(left + right);
      return `${left}.${right}`;
    });
    const pairs = ['ab', 'cd', 'ab', 'ef', 'ab', 'gh', 'ab', 'ij', 'ab', 'cd'];
    const parents = pairs.map(([left = '', right = '']) => memory(left, right));
    expect(parents).toEqual(pairs.map((pair) => [...pair].join('.')));
    expect(asked).toEqual(['ab', 'cd', 'ef', 'gh', 'ij', 'cd']);
  });

  it('keeps no more than its bytes allow, however many nodes there are', () => {
    let asked = 0;
    const memory = createNodeCache(4 * 450, (left, right) => {
      asked += 1;
      return left + right;
    });
    const lefts = Array.from({ length: 100 }, (_, index) => String(index));
    for (const left of lefts) memory(left, 'x');
    asked = 0;
    for (const left of lefts.toReversed()) memory(left, 'x');
    expect(asked).toBeGreaterThanOrEqual(96);
  });

  it('does not take one pair for another with the same left half, and remembers no failure', () => {
    let asked = 0;
    const memory = createNodeCache(10 * 450, (left, right) => {
      asked += 1;
      return left === 'bad' ? undefined : `${left}.${right}`;
    });
    expect([memory('a', 'b'), memory('a', 'c'), memory('bad', 'x'), memory('bad', 'x')]).toEqual([
      ...['a.b', 'a.c', undefined, undefined],
    ]);
    expect(asked).toBe(4);
  });
});
