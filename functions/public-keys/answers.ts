import { createHash } from 'node:crypto';
import type { Answer } from '#shared/http/route.ts';
import type { KeyDirectory, KeySet, PublishedKey } from '#shared/keys/directory.ts';
import { Fault } from '#shared/model/errors.ts';
import { formatTime } from '#shared/model/time.ts';

/** A body that is the same for everybody, made once a key set. */
interface Prepared {
  readonly body: string;
  readonly etag: string;
  readonly contentType: string;
}

/** What may be kept, and for how long: a key is published two days before it signs, so an hour is never too long. */
const CACHE_CONTROL = 'public, max-age=3600, stale-while-revalidate=60, stale-if-error=86400';

/** The answers of the key routes, each prepared when it is first asked of a key set and kept as long as that. */
export function createKeyAnswers(keys: Pick<KeyDirectory, 'current'>) {
  const prepared = new WeakMap<KeySet, Map<string, Prepared>>();

  function prepare(set: KeySet, name: string, make: () => Omit<Prepared, 'etag'>): Prepared {
    const ofSet = prepared.get(set) ?? new Map<string, Prepared>();
    prepared.set(set, ofSet);
    const held = ofSet.get(name);
    if (held !== undefined) return held;
    const made = make();
    const etag = `"${createHash('sha256').update(made.body).digest('base64url').slice(0, 27)}"`;
    const fresh = { ...made, etag };
    ofSet.set(name, fresh);
    return fresh;
  }

  const json = (value: unknown) => ({ body: JSON.stringify(value), contentType: 'application/json' });

  return {
    async jwks(ifNoneMatch: string | undefined): Promise<Answer> {
      const set = await keys.current();
      const make = () => json({ keys: set.keys.map(({ publicKey }) => publicKey.jwk) });
      return conditional(prepare(set, 'jwks', make), ifNoneMatch);
    },

    async list(ifNoneMatch: string | undefined): Promise<Answer> {
      const set = await keys.current();
      return conditional(
        prepare(set, 'list', () => json({ keys: set.keys.map(describe) })),
        ifNoneMatch,
      );
    },

    async pem(keyVersion: string, ifNoneMatch: string | undefined): Promise<Answer> {
      const set = await keys.current();
      const key = set.byVersion.get(keyVersion);
      if (key === undefined) throw new Fault('not_found', 'No key of this version is published.');
      const make = () => ({ body: key.publicKey.pem, contentType: 'application/x-pem-file' });
      return conditional(prepare(set, `pem ${keyVersion}`, make), ifNoneMatch);
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

/** 304 when the caller has it already (RFC 9110, section 13.1.2: weak comparison, or `*`). */
function conditional({ body, etag, contentType }: Prepared, ifNoneMatch: string | undefined): Answer {
  const headers = { etag, 'cache-control': CACHE_CONTROL };
  const known = (ifNoneMatch ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(etag) || known.includes('*')) return { status: 304, headers };
  return { status: 200, headers: { ...headers, 'content-type': contentType }, body };
}
