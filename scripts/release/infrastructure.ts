import * as z from 'zod';

/**
 * What code needs of Terraform and what Terraform has applied: the generated files of terraform/, as data. Code needs a
 * variable, an index, a right or a route when its leaf is in the file; more than is needed does not hurt.
 *
 * @returns the leaves that are missing, as paths
 */
export function missing(needed: unknown, applied: unknown, path = ''): string[] {
  if (Array.isArray(needed)) {
    const there = new Set(Array.isArray(applied) ? applied.map(canonical) : []);
    return needed.filter((one) => !there.has(canonical(one))).map((one) => `${path} ${canonical(one)}`);
  }
  if (typeof needed === 'object' && needed !== null) {
    return Object.entries(needed).flatMap(([name, value]) =>
      missing(value, member(applied, name), path === '' ? name : `${path} ${name}`),
    );
  }
  return needed === applied ? [] : [`${path} ${canonical(needed)}`];
}

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined;

/** Terraform's jsonencode and JavaScript's order an object's members differently. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === 'object' && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

/** What a build leaves for its release, in its own folder of the bucket. */
export const manifest = z.object({
  build: z.string(),
  commit: z.string(),
  /** RFC 3339. */
  created: z.iso.datetime(),
  /** By function, by digest. */
  images: z.record(z.string(), z.string().regex(/@sha256:[0-9a-f]{64}$/, 'must be an image by digest')),
  /** The generated files of terraform/, by name. */
  needs: z.record(z.string(), z.unknown()),
});
export type Manifest = z.output<typeof manifest>;
