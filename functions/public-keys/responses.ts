import { createHash } from 'node:crypto';
import type { CachedInput, HttpResponse } from '#shared/http/route.ts';
import type { KeyDirectory, KeySet, PublishedKey } from '#shared/keys/directory.ts';
import { readRoots } from '#shared/keys/statements.ts';
import { formatTime } from '#shared/license-format/time.ts';
import { Fault } from '#shared/model/errors.ts';

/** The two responses to one route, made once for each key set. */
interface PreparedResponse {
  readonly etag: string;
  readonly full: HttpResponse;
  readonly notModified: HttpResponse;
}

interface KeyRequest {
  readonly params?: unknown;
  readonly headers: CachedInput['headers'];
}

/** A key is published two days before it signs, so an hour in a cache is safe. */
const CACHE_CONTROL = 'public, max-age=3600, stale-while-revalidate=60, stale-if-error=86400';

/** The signed list announces revocations, so caches keep it for a shorter time. */
const LIST_CACHE_CONTROL = 'public, max-age=300, stale-while-revalidate=60, stale-if-error=86400';

/** The responses of the key routes. Each is prepared on first use and kept as long as its key set. */
export function createKeyResponses(keys: Pick<KeyDirectory, 'current' | 'fresh'>, rootKeys: string) {
  const prepared = new WeakMap<KeySet, Map<string, PreparedResponse>>();

  function cachedFor(set: KeySet, name: string, make: () => PreparedResponse): PreparedResponse {
    const ofSet = prepared.get(set) ?? new Map<string, PreparedResponse>();
    prepared.set(set, ofSet);
    const held = ofSet.get(name) ?? make();
    ofSet.set(name, held);
    return held;
  }

  function jwks(set: KeySet): PreparedResponse {
    return cachedFor(set, 'jwks', () => json({ keys: set.keys.map(({ publicKey }) => publicKey.jwk) }));
  }

  function list(set: KeySet): PreparedResponse {
    return cachedFor(set, 'list', () => json({ keys: set.keys.map(describe) }));
  }

  function signedList(set: KeySet): PreparedResponse {
    return cachedFor(set, 'signed list', () =>
      prepare(JSON.stringify(set.document), 'application/json', LIST_CACHE_CONTROL),
    );
  }

  const roots = prepare(
    readRoots(rootKeys)
      .map(({ pem }) => pem)
      .join(''),
    'application/x-pem-file',
  );

  function pem(set: KeySet, keyVersion: string | undefined): PreparedResponse | undefined {
    const key = keyVersion === undefined ? undefined : set.byVersion.get(keyVersion);
    if (key === undefined) return undefined;
    return cachedFor(set, `pem ${keyVersion}`, () => prepare(key.publicKey.pem, 'application/x-pem-file'));
  }

  /** `current` reads the keys again when they are stale; `cached` returns undefined then. */
  const sharedResponse = (find: (set: KeySet) => PreparedResponse) => ({
    current: async ({ headers }: KeyRequest) => conditional(find(await keys.current()), headers),
    cached: ({ headers }: CachedInput) => {
      const set = keys.fresh();
      return set === undefined ? undefined : conditional(find(set), headers);
    },
  });

  return {
    jwks: sharedResponse(jwks),
    list: sharedResponse(list),
    signedList: sharedResponse(signedList),
    roots: {
      current: async ({ headers }: KeyRequest) => conditional(roots, headers),
      cached: ({ headers }: CachedInput) => conditional(roots, headers),
    },
    pem: {
      async current({ params, headers }: KeyRequest & { readonly params: { readonly key_version: string } }) {
        const found = pem(await keys.current(), params.key_version);
        if (found === undefined) throw new Fault('not_found', 'No key with this version is published.');
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

function prepare(body: string, contentType: string, cacheControl = CACHE_CONTROL): PreparedResponse {
  const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const headers = { etag, 'cache-control': cacheControl };
  return {
    etag,
    full: { status: 200, headers: { ...headers, 'content-type': contentType }, body },
    notModified: { status: 304, headers },
  };
}

/** 304 when the caller has this entity tag (RFC 9110, section 13.1.2: weak comparison, or `*`). */
function conditional({ etag, full, notModified }: PreparedResponse, headers: CachedInput['headers']): HttpResponse {
  const known = headers['if-none-match'];
  if (known === undefined) return full;
  const tags = known.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes(etag) || tags.includes('*') ? notModified : full;
}
