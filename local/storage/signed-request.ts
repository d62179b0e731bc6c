import { type KeyLike, verify } from 'node:crypto';
import { promisify } from 'node:util';
import { canonicalRequest, foldHeaders, queryPairs, stringToSign } from './canonical-request.ts';
import type { Exchange } from './http.ts';
import { StorageError } from './storage-error.ts';

/** The key with which a service account's signatures are checked; undefined for an account nobody knows. */
export type PublicKeyOf = (email: string) => KeyLike | undefined | Promise<KeyLike | undefined>;

const LONGEST_SECONDS = 604_800;
const EARLY_SECONDS = 15 * 60;

const verifyAsync = promisify(verify);

/**
 * Checks a V4 signed URL (GOOG4-RSA-SHA256) as the service does: form, time, which headers are signed, signature.
 *
 * @param now milliseconds since the Unix epoch
 * @returns the account that signed; its rights are another question
 * @throws StorageError malformed_security, expired_token, access_denied (too early), invalid_security (unknown account),
 *   signature_does_not_match
 */
export async function verifySignedRequest(exchange: Exchange, now: number, publicKeyOf: PublicKeyOf): Promise<string> {
  const claim = parseClaim(exchange.query);
  checkTime(claim, now);
  const headers = signedHeaders(exchange, claim.signedHeaders);
  const key = await publicKeyOf(claim.email);
  if (key === undefined) throw new StorageError('invalid_security');

  const canonical = canonicalRequest(exchange, headers);
  const toSign = stringToSign(canonical, claim.date, claim.scope);
  if (await isSignature(claim.signature, toSign, key)) return claim.email;
  // At the service's own address the Host header has no port, and Google's clients sign a local one without it too.
  const portless = new Map(headers).set('host', exchange.host.replace(/:\d+$/, ''));
  const canonicalWithoutPort = canonicalRequest(exchange, portless);
  if (await isSignature(claim.signature, stringToSign(canonicalWithoutPort, claim.date, claim.scope), key))
    return claim.email;

  throw new StorageError(
    'signature_does_not_match',
    'The request signature we calculated does not match the signature you provided. Check your Google secret key and signing method.',
    { StringToSign: toSign, CanonicalRequest: canonical },
  );
}

interface Claim {
  readonly email: string;
  /** `YYYYMMDD/LOCATION/storage/goog4_request` */
  readonly scope: string;
  readonly date: string;
  readonly startsAt: number;
  readonly seconds: number;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

/** Whether a query holds a signature at all; without one the caller is anonymous. */
export const isSigned = (query: string): boolean =>
  queryPairs(query).some(([name]) => name.toLowerCase().startsWith('x-goog-'));

function parseClaim(query: string): Claim {
  const pairs = new Map(queryPairs(query).map(([name, value]) => [name.toLowerCase(), value]));
  const matched = (name: string, form: RegExp) => {
    const match = form.exec(pairs.get(name) ?? '');
    if (match === null) throw malformed(name, `Your request has a malformed header. Invalid or missing ${name}.`);
    return match.map((group) => group ?? '');
  };
  matched('x-goog-algorithm', /^GOOG4-RSA-SHA256$/);
  const [, email = '', scope = '', day = ''] = matched(
    'x-goog-credential',
    /^([^/]+@[^/]+)\/((\d{8})\/[a-z0-9-]+\/storage\/goog4_request)$/,
  );
  const [date = '', ...parts] = matched('x-goog-date', /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/);
  const [year = '', month = '', date2 = '', hour = '', minute = '', second = ''] = parts;
  const startsAt = Date.parse(`${year}-${month}-${date2}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(startsAt)) throw malformed('x-goog-date', 'Your request has a malformed header. Invalid date.');
  if (!date.startsWith(day)) throw malformed('x-goog-credential', 'Your request has a malformed header. Dates differ.');
  const seconds = Number(matched('x-goog-expires', /^[1-9]\d{0,5}$/)[0]);
  if (seconds > LONGEST_SECONDS)
    throw malformed('x-goog-expires', 'Your request has a malformed header. More than 7 days.');
  const [names = ''] = matched('x-goog-signedheaders', /^[!#$%&'*+.^_`|~0-9a-z-]+(;[!#$%&'*+.^_`|~0-9a-z-]+)*$/);
  const [signature = ''] = matched('x-goog-signature', /^([0-9a-f]{2})+$/);
  return { email, scope, date, startsAt, seconds, signedHeaders: names.split(';'), signature };
}

function checkTime({ startsAt, seconds }: Claim, now: number): void {
  const endsAt = startsAt + seconds * 1000;
  if (now > endsAt) {
    throw new StorageError(
      'expired_token',
      `The provided token has expired. Request signature expired at: ${new Date(endsAt).toISOString()}`,
    );
  }
  if (now < startsAt - EARLY_SECONDS * 1000) {
    throw new StorageError('access_denied', `Request is not valid before ${new Date(startsAt).toISOString()}`);
  }
}

/** The signed headers as sent; every one of them must be there, and nothing that concerns the service may be missing. */
function signedHeaders({ rawHeaders }: Exchange, names: readonly string[]): ReadonlyMap<string, string> {
  const sent = foldHeaders(rawHeaders);
  if (!names.includes('host')) {
    throw malformed('host', 'Your request has a malformed header. Header host must be included in signedheaders.');
  }
  const unsigned = [...sent.keys()].find((name) => name.startsWith('x-goog-') && !names.includes(name));
  if (unsigned !== undefined) {
    throw malformed(
      unsigned,
      'Your request has a malformed header. Header was included in the request, but not in signedheaders.',
    );
  }
  return new Map(
    names.map((name) => {
      const value = sent.get(name);
      if (value !== undefined) return [name, value];
      throw malformed(
        name,
        'Your request has a malformed header. Header was included in signedheaders, but not in the request.',
      );
    }),
  );
}

const malformed = (parameter: string, details: string) =>
  new StorageError('malformed_security', details, { ParameterName: parameter });

const isSignature = (signature: string, text: string, key: KeyLike) =>
  verifyAsync('RSA-SHA256', Buffer.from(text), key, Buffer.from(signature, 'hex'));
