import { checkedEmail, checkedExpiration, credentialScopeOf, SIGNING_ALGORITHM } from './credential.ts';
import { basicDate } from './date.ts';
import { type LocationFields, locate } from './location.ts';

/** The inputs of a policy, named as in Google's conformance cases. */
export interface PolicyFields extends Omit<LocationFields, 'object'> {
  readonly object: string;
  /** Seconds from the timestamp, whole, from 1 to `MAX_EXPIRATION`. */
  readonly expiration: number;
  /** Milliseconds since the Unix epoch; fractions of a second are dropped. */
  readonly timestamp: number;
  /** Email of the service account that signs. */
  readonly clientEmail: string;
  /** Fields of the form, whose values the policy fixes; those that begin with `x-ignore-` it leaves open. */
  readonly fields?: Readonly<Record<string, string>>;
  readonly conditions?: {
    readonly startsWith?: readonly [field: string, prefix: string];
    /** Bytes of the smallest and of the largest file. */
    readonly contentLengthRange?: readonly [min: number, max: number];
  };
}

/** A POST policy, complete but for the RSA-SHA256 signature of `policy`. */
export interface PostPolicy {
  /** What the form is sent to: the bucket. */
  readonly url: string;
  /** The policy's JSON in base64: the text to sign. */
  readonly policy: string;
  /** The fields of the form without policy and signature. */
  readonly fields: Readonly<Record<string, string>>;
}

/** Fields that the policy sets itself. A form that names one of them twice is read differently by different servers. */
const OWN = new Set(['bucket', 'file', 'key', 'policy', 'x-goog-algorithm', 'x-goog-credential', 'x-goog-date']);

/**
 * Builds the V4 policy of a form upload, byte for byte as Google's clients do. Pure: it uses no clock and no key.
 *
 * Cloud Storage replaces a placeholder in a key by the name of the file that is sent. Callers must reject it in names.
 *
 * @throws TypeError naming the field that is missing or malformed; RangeError for `expiration` and `timestamp`
 * @see https://cloud.google.com/storage/docs/authentication/signatures#policy-document
 */
export function createPostPolicy(input: PolicyFields): PostPolicy {
  const { object, timestamp, fields = {}, conditions = {} } = input;
  const { origin, path } = locate({ ...input, object: checkedObject(object) });
  const bucketPath = input.urlStyle === undefined || input.urlStyle === 'PATH_STYLE' ? `/${input.bucket}/` : '/';
  if (!path.startsWith(bucketPath)) throw new TypeError('object is not below its bucket');
  const date = basicDate(timestamp);
  const own = {
    'x-goog-date': date,
    'x-goog-credential': `${checkedEmail(input.clientEmail)}/${credentialScopeOf(date)}`,
    'x-goog-algorithm': SIGNING_ALGORITHM,
  };
  const given = Object.entries(fields).map(checkedField);
  const fixed = given.filter(([name]) => !name.startsWith('x-ignore-'));
  const text = asciiJson({
    conditions: [
      ...(conditions.startsWith === undefined ? [] : [['starts-with', ...conditions.startsWith]]),
      ...(conditions.contentLengthRange === undefined
        ? []
        : [['content-length-range', ...conditions.contentLengthRange]]),
      ...[...fixed, ['bucket', input.bucket], ['key', object], ...Object.entries(own)].map(toCondition),
    ],
    expiration: expiryOf(timestamp, checkedExpiration(input.expiration)),
  });
  return {
    url: `${origin}${bucketPath}`,
    policy: Buffer.from(text).toString('base64'),
    fields: { ...Object.fromEntries(given), key: object, ...own },
  };
}

/** The fields of the form, in the order in which they are to be sent, before the file. */
export function signedFields({ fields, policy }: PostPolicy, signature: Uint8Array): Record<string, string> {
  if (signature.length === 0) throw new TypeError('signature is empty');
  const bytes = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength);
  return { ...fields, policy, 'x-goog-signature': bytes.toString('hex') };
}

const toCondition = ([name = '', value = '']: readonly string[]): Record<string, string> => ({ [name]: value });

function checkedObject(object: string): string {
  if (!object.isWellFormed()) throw new TypeError('object has a lone surrogate');
  return object;
}

function checkedField([name, value]: [string, string]): [string, string] {
  if (!/^[A-Za-z0-9_-]+$/.test(name) || OWN.has(name.toLowerCase()) || /^x-goog-signature$/i.test(name))
    throw new TypeError(`fields may not name ${JSON.stringify(name)}`);
  if (!value.isWellFormed()) throw new TypeError(`fields[${JSON.stringify(name)}] has a lone surrogate`);
  return [name, value];
}

const expiryOf = (timestamp: number, seconds: number) =>
  new Date(Math.floor(timestamp / 1000) * 1000 + seconds * 1000).toISOString().replace('.000Z', 'Z');

/** JSON in ASCII alone: what is signed must not depend on the encoding that a server reads it with. */
const asciiJson = (value: unknown): string =>
  JSON.stringify(value).replace(/[\u0080-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
