import { createHash } from 'node:crypto';

export const sha256 = (...parts: readonly Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
export const ZERO = Buffer.of(0);
const ONE = Buffer.of(1);

/** RFC 9162, section 2.1.1, word for word: k is the largest power of two smaller than n. */
export function mth(data: readonly Buffer[]): Buffer {
  const [first] = data;
  if (first === undefined) return sha256();
  if (data.length === 1) return sha256(ZERO, first);
  const k = split(data.length);
  return sha256(ONE, mth(data.slice(0, k)), mth(data.slice(k)));
}

/** Section 2.1.3.1. */
export function auditPath(m: number, data: readonly Buffer[]): Buffer[] {
  if (data.length <= 1) return [];
  const k = split(data.length);
  return m < k
    ? [...auditPath(m, data.slice(0, k)), mth(data.slice(k))]
    : [...auditPath(m - k, data.slice(k)), mth(data.slice(0, k))];
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Section 2.1.3.2, step by step, which is another way of walking than the one under test. */
export function verifies(leaf: Buffer, index: number, size: number, path: readonly Buffer[], root: Buffer): boolean {
  if (index >= size) return false;
  let [fn, sn, r] = [index, size - 1, leaf];
  for (const p of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = sha256(ONE, p, r);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else {
      r = sha256(ONE, r, p);
    }
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && r.equals(root);
}

export const leavesOf = (size: number) => Array.from({ length: size }, (_, index) => `leaf ${index}`);
