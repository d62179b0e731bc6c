import { createHash } from 'node:crypto';
import type { CachedInput, HttpResponse } from '#shared/http/route.ts';
import type { KeyDirectory, KeySet, PublishedKey } from '#shared/keys/directory.ts';
import { Fault } from '#shared/model/errors.ts';
import { formatTime } from '#shared/model/time.ts';

/** The two answers that are the same for everybody, made once a key set. */
interface Prepared {
  readonly etag: string;
  readonly whole: HttpResponse;
  readonly notModified: HttpResponse;
}

interface Asked {
  readonly params?: unknown;
  readonly headers: CachedInput['headers'];
}

/** What may be kept, and for how long: a key is published two days before it signs, so an hour is never too long. */
const CACHE_CONTROL = 'public, max-age=3600, stale-while-revalidate=60, stale-if-error=86400';

/** The answers of the key routes, each prepared when it is first asked of a key set and kept as long as that. */
export function createKeyResponses(keys: Pick<KeyDirectory, 'current' | 'fresh'>) {
  const prepared = new WeakMap<KeySet, Map<string, Prepared>>();

  function once(set: KeySet, name: string, make: () => Prepared): Prepared {
    const ofSet = prepared.get(set) ?? new Map<string, Prepared>();
    prepared.set(set, ofSet);
    const held = ofSet.get(name) ?? make();
    ofSet.set(name, held);
    return held;
  }

  function jwks(set: KeySet): Prepared {
    return once(set, 'jwks', () => json({ keys: set.keys.map(({ publicKey }) => publicKey.jwk) }));
  }

  function list(set: KeySet): Prepared {
    return once(set, 'list', () => json({ keys: set.keys.map(describe) }));
  }

  function pem(set: KeySet, keyVersion: string | undefined): Prepared | undefined {
    const key = keyVersion === undefined ? undefined : set.byVersion.get(keyVersion);
    if (key === undefined) return undefined;
    return once(set, `pem ${keyVersion}`, () => prepare(key.publicKey.pem, 'application/x-pem-file'));
  }

  /** `current` reads the keys again when they are stale; `cached` answers at once or not at all. */
  const forEverybody = (find: (set: KeySet) => Prepared) => ({
    current: async ({ headers }: Asked) => conditional(find(await keys.current()), headers),
    cached: ({ headers }: CachedInput) => {
      const set = keys.fresh();
      return set === undefined ? undefined : conditional(find(set), headers);
    },
  });

  return {
    jwks: forEverybody(jwks),
    list: forEverybody(list),
    pem: {
      async current({ params, headers }: Asked & { readonly params: { readonly key_version: string } }) {
        const found = pem(await keys.current(), params.key_version);
        if (found === undefined) throw new Fault('not_found', 'No key of this version is published.');
        return conditional(found, headers);
      },
      cached({ params, headers }: CachedInput) {
        const set = keys.fresh();
        const found = set && pem(set, params['key_version']);
        return found && conditional(found, headers);
      },
    },
  };
}

const describe = ({ keyVersion, algorithm, state, createdAt, publicKey }: PublishedKey) => ({
  key_version: keyVersion,
  kid: publicKey.kid,
  algorithm,
  state,
  created_at: formatTime(createdAt),
  pem: publicKey.pem,
});

const json = (value: unknown) => prepare(JSON.stringify(value), 'application/json');

function prepare(body: string, contentType: string): Prepared {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const headers = { etag, 'cache-control': CACHE_CONTROL };
  return {
    etag,
    whole: { status: 200, headers: { ...headers, 'content-type': contentType }, body },
    notModified: { status: 304, headers },
  };
}

/** 304 when the caller has it already (RFC 9110, section 13.1.2: weak comparison, or `*`). */
function conditional({ etag, whole, notModified }: Prepared, headers: CachedInput['headers']): HttpResponse {
  const known = headers['if-none-match'];
  if (known === undefined) return whole;
  const tags = known.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*') ? notModified : whole;
}
