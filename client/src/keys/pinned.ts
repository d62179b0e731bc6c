import { readKeys } from './material.ts';
import type { PublicKey } from './public-key.ts';
import { type KeySource, named } from './source.ts';

/** Public keys as they are published: PEM, a JWK, a JWKS, the list of `GET /api/v1/public-keys`, or several of these. */
export type KeyMaterial = string | object;

/**
 * Keys that the program brings along: nothing is fetched, and nobody can slip in another.
 * @throws TypeError, from `find`, for material that is no key
 */
export function pinnedKeys(material: KeyMaterial): KeySource {
  let keys: Promise<readonly PublicKey[]> | undefined;
  return {
    async find(name) {
      keys ??= readKeys(material);
      return named(await keys, name);
    },
  };
}
